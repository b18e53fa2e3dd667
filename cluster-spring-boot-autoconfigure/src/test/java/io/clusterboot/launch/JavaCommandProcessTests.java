package io.clusterboot.launch;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JavaCommand} and {@link CommandLine} with real processes:
 * {@link EchoMain} is started, starts itself again, and all must have been started alike.
 */
@EnabledOnOs(OS.LINUX)
class JavaCommandProcessTests {

	private static final String MAIN = EchoMain.class.getName();

	private static final List<String> AWKWARD = List.of("", "a b", "\"q\"", "it's", "two\nlines", "\t", "\\", "@file",
			"@@x", "-jar", "--a=é€𝄞", "*", "$HOME", "");

	@TempDir
	Path directory;

	@Test
	void classPathAndAwkwardArguments() throws Exception {
		List<String> command = new ArrayList<>(List.of("-Da=x y", "-D b=\"é\"", "-Xmx64m", "-cp", classPath(), MAIN));
		command.addAll(AWKWARD);
		EchoMain.Said said = runAlike(Map.of(), command);
		assertThat(said.words("args")).isEqualTo(AWKWARD);
		assertThat(said.words("arguments")).isEqualTo(AWKWARD);
		assertThat(said.words("options")).containsExactly("-Da=x y", "-D b=\"é\"", "-Xmx64m", "-cp", classPath());
		assertThat(said.words("target")).containsExactly(MAIN);
	}

	@Test
	void jar() throws Exception {
		Path jar = createJar();
		EchoMain.Said said = runAlike(Map.of(), List.of("-jar", "-Da=b", jar.toString(), "x", "@y"));
		assertThat(said.words("args")).containsExactly("x", "@y");
		assertThat(said.words("options")).containsExactly("-Da=b");
		assertThat(said.words("target")).containsExactly("-jar", jar.toString());
	}

	@Test
	void commandLineThatIsLongerThanTheSystemRemembers() throws Exception {
		String longClassPath = classPath() + (File.pathSeparator + "/nowhere/é").repeat(4000);
		EchoMain.Said said = runAlike(Map.of(), List.of("-cp", longClassPath, MAIN, "x"));
		assertThat(said.words("options")).containsExactly("-cp", longClassPath);
	}

	/**
	 * The launcher reads argument files in pieces of 4096 bytes.
	 */
	@Test
	void longWordsInWhichMuchIsEscaped() throws Exception {
		List<String> words = List.of("\\".repeat(5000), "x\"".repeat(5000), "'# \n\r".repeat(3000), "x".repeat(4092),
				"\\", "y".repeat(4091), "");
		List<String> command = new ArrayList<>(List.of("-cp", classPath(), MAIN));
		command.addAll(words);
		assertThat(runAlike(Map.of(), command).words("args")).isEqualTo(words);
	}

	@Test
	void argumentFileThatIsGone() throws Exception {
		Path file = write("args", """
				# a comment
				-cp "%s" "-Da=x \\
				   y\\\\z\\t" -Db='q"q' -Dc=c:\\x
				'%s' "a b"c#lost
				'' @x ""
				""".formatted(classPath().replace("\\", "\\\\"), MAIN));
		EchoMain.Said said = runAlike(Map.of("ECHO_DELETE", file.toString()), List.of("@" + file, "@z"));
		assertThat(said.words("arguments")).isEqualTo(said.words("args"));
		assertThat(said.words("input")).contains("-Da=x y\\z\t", "-Db=q\"q", "-Dc=c:\\x");
		assertThat(said.words("options")).contains("-Da=x y\\z\t", "-Db=q\"q", "-Dc=c:\\x");
	}

	@Test
	void escapedAtSigns() throws Exception {
		EchoMain.Said said = runAlike(Map.of(), List.of("-cp", "@@x" + File.pathSeparator + classPath(), MAIN));
		assertThat(said.words("options")).containsExactly("-cp", "@x" + File.pathSeparator + classPath());
	}

	@Test
	void variablesApplyOnce() throws Exception {
		Path file = write("more", "-Dd=4 '-De=5 5'");
		EchoMain.Said said = runAlike(Map.of("JAVA_TOOL_OPTIONS", "-Da='1 1'", "JDK_JAVA_OPTIONS",
				"-Db=2 '@" + file + "'", "_JAVA_OPTIONS", "-Dc=3"), List.of("-cp", classPath(), MAIN));
		assertThat(said.words("input")).containsExactly("-Da=1 1", "-Db=2", "-Dd=4", "-De=5 5", "-Dc=3");
		assertThat(said.words("options")).containsExactly("-cp", classPath());
	}

	@Test
	void variablesApplyOnceWhereOnlyTheJvmKnowsTheCommandLine() throws Exception {
		EchoMain.Said said = runAlike(Map.of("ECHO_SOURCE", "jvm", "JAVA_TOOL_OPTIONS", "-Da='1 1'", "JDK_JAVA_OPTIONS",
				"-Db=2", "_JAVA_OPTIONS", "-Dc=3"), List.of("-cp", classPath(), MAIN, "x", "y"));
		assertThat(said.words("args")).containsExactly("x", "y");
		assertThat(said.words("input")).containsExactly("-Da=1 1", "-Db=2", "-Dc=3");
	}

	@Test
	void launcherThatStartedItselfAgain() throws Exception {
		Path libraries = Path.of(System.getProperty("java.home"), "lib", "server");
		EchoMain.Said said = runAlike(
				Map.of("LD_LIBRARY_PATH", libraries.toString(), "JDK_JAVA_OPTIONS", "-Db=2 '-Dc=3 3'"),
				List.of("-cp", classPath(), MAIN));
		assertThat(said.words("options")).containsExactly("-cp", classPath());
	}

	@Test
	void localeWithoutUnicode() throws Exception {
		// what the JVM cannot read in this locale is unreadable to the application as
		// well
		EchoMain.Said said = runAlike(Map.of("LC_ALL", "C"), List.of("-cp", classPath(), MAIN, "a b", "~"));
		assertThat(said.words("args")).containsExactly("a b", "~");
	}

	@Test
	void fileEncodingThatIsNotTheLocales() throws Exception {
		EchoMain.Said said = runAlike(Map.of(), List.of("-Dfile.encoding=ISO-8859-1", "-cp", classPath(), MAIN, "é€"));
		assertThat(said.words("args")).containsExactly("é€");
	}

	private EchoMain.Said runAlike(Map<String, String> environment, List<String> arguments) throws Exception {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).directory(this.directory.toFile());
		JavaCommand.OPTION_VARIABLES.forEach(builder.environment()::remove);
		builder.environment().put("LC_ALL", "C.UTF-8");
		builder.environment().putAll(environment);
		Path errors = this.directory.resolve("errors");
		Process process = builder.redirectError(errors.toFile()).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(() -> output + read(errors)).isZero();
		List<String> lines = output.lines().toList();
		assertThat(lines).hasSize(18);
		assertThat(lines.subList(6, 12)).as("process that shows all").isEqualTo(lines.subList(0, 6));
		assertThat(lines.subList(12, 14)).as("process that hides all").isEqualTo(lines.subList(0, 2));
		return new EchoMain.Said(lines.subList(0, 6));
	}

	private Path createJar() throws IOException {
		Path jar = this.directory.resolve("my é app.jar");
		Manifest manifest = new Manifest();
		manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
		manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, MAIN);
		manifest.getMainAttributes()
			.put(Attributes.Name.CLASS_PATH,
					Arrays.stream(classPath().split(File.pathSeparator))
						.map((entry) -> Path.of(entry).toUri().toString())
						.collect(Collectors.joining(" ")));
		new JarOutputStream(Files.newOutputStream(jar), manifest).close();
		return jar;
	}

	private Path write(String name, String text) throws IOException {
		return Files.writeString(this.directory.resolve(name), text);
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	static String classPath() {
		return Stream.of(JavaCommand.class, EchoMain.class, LogFactory.class)
			.map((type) -> URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
			.map((location) -> new File(location).getPath())
			.distinct()
			.collect(Collectors.joining(File.pathSeparator));
	}

}
