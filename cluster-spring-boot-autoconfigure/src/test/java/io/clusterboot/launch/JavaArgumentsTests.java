package io.clusterboot.launch;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link JavaArguments}.
 */
class JavaArgumentsTests {

	@Test
	void mainClassEndsOptions() throws IOException {
		JavaArguments arguments = parse("-Xmx1g", "-cp", "a:b", "com.example.Main", "-x", "", "@file", "-jar");
		assertThat(arguments.options()).containsExactly("-Xmx1g", "-cp", "a:b");
		assertThat(arguments.target()).containsExactly("com.example.Main");
		assertThat(arguments.arguments()).containsExactly("-x", "", "@file", "-jar");
	}

	@Test
	void jarIsTarget() throws IOException {
		JavaArguments arguments = parse("-jar", "app.jar", "--server.port=0");
		assertThat(arguments.options()).isEmpty();
		assertThat(arguments.target()).containsExactly("-jar", "app.jar");
		assertThat(arguments.arguments()).containsExactly("--server.port=0");
	}

	@Test
	void optionsMayStandBetweenJarAndFile() throws IOException {
		JavaArguments arguments = parse("-jar", "-Da=b", "app.jar", "x");
		assertThat(arguments.options()).containsExactly("-Da=b");
		assertThat(arguments.target()).containsExactly("-jar", "app.jar");
		assertThat(arguments.arguments()).containsExactly("x");
	}

	@Test
	void moduleIsTarget() throws IOException {
		JavaArguments arguments = parse("-p", "mods", "-m", "app/com.example.Main", "-x");
		assertThat(arguments.options()).containsExactly("-p", "mods");
		assertThat(arguments.target()).containsExactly("-m", "app/com.example.Main");
		assertThat(arguments.arguments()).containsExactly("-x");
		assertThat(parse("--module=app", "-x").target()).containsExactly("--module=app");
	}

	@ParameterizedTest
	@ValueSource(strings = { "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path",
			"--add-modules", "--limit-modules", "--add-exports", "--add-opens", "--add-reads", "--patch-module",
			"--enable-native-access", "--source" })
	void optionTakesItsSeparateValue(String option) throws IOException {
		JavaArguments arguments = parse(option, "value", "Main");
		assertThat(arguments.options()).containsExactly(option, "value");
		assertThat(arguments.target()).containsExactly("Main");
	}

	@Test
	void argumentFilesBeforeTheTargetAreExpanded() throws IOException {
		JavaArguments arguments = parse(Map.of("opts", "-Da='b c'\n-cp\n", "cp", "x:y"), "@opts", "@cp", "Main",
				"@opts");
		assertThat(arguments.options()).containsExactly("-Da=b c", "-cp", "x:y");
		assertThat(arguments.target()).containsExactly("Main");
		assertThat(arguments.arguments()).containsExactly("@opts");
	}

	@Test
	void argumentFileMayHoldTargetAndArguments() throws IOException {
		JavaArguments arguments = parse(Map.of("all", "-Da=b -jar app.jar x @all"), "@all", "@all");
		assertThat(arguments.target()).containsExactly("-jar", "app.jar");
		assertThat(arguments.arguments()).containsExactly("x", "@all", "@all");
	}

	@Test
	void argumentFileMayHoldTheJarsName() throws IOException {
		assertThat(parse(Map.of("name", "app.jar"), "-jar", "@name", "@name").toList()).containsExactly("-jar",
				"app.jar", "@name");
	}

	@Test
	void wordsInArgumentFilesAreNoArgumentFiles() throws IOException {
		JavaArguments arguments = parse(Map.of("cp", "-cp @jars"), "@cp", "Main");
		assertThat(arguments.options()).containsExactly("-cp", "@jars");
		assertThat(arguments.toList()).containsExactly("-cp", "@@jars", "Main");
	}

	@Test
	void twoAtSignsEscape() throws IOException {
		JavaArguments arguments = parse("-cp", "@@jars", "@@Main", "@@x");
		assertThat(arguments.options()).containsExactly("-cp", "@jars");
		assertThat(arguments.target()).containsExactly("@Main");
		assertThat(arguments.toList()).containsExactly("-cp", "@@jars", "@@Main", "@@x");
	}

	@Test
	void argumentFilesCanBeDisabled() throws IOException {
		JavaArguments arguments = parse("--disable-@files", "-cp", "@jars", "Main", "@x");
		assertThat(arguments.toList()).containsExactly("-cp", "@@jars", "Main", "@x");
	}

	@Test
	void loneAtSignIsAWord() throws IOException {
		assertThat(parse("-cp", "@", "Main").toList()).containsExactly("-cp", "@", "Main");
	}

	@Test
	void missingArgumentFileIsAnError() {
		assertThatExceptionOfType(FileNotFoundException.class).isThrownBy(() -> parse("@gone", "Main"));
	}

	@Test
	void nothingToLaunchIsAnError() {
		assertThatIllegalArgumentException().isThrownBy(() -> parse("-version"));
		assertThatIllegalArgumentException().isThrownBy(() -> parse("-jar"));
	}

	private static JavaArguments parse(String... raw) throws IOException {
		return parse(Map.of(), raw);
	}

	private static JavaArguments parse(Map<String, String> files, String... raw) throws IOException {
		return JavaArguments.parse(List.of(raw), (name) -> {
			String text = files.get(name);
			if (text == null) {
				throw new FileNotFoundException(name);
			}
			return text;
		});
	}

}
