package io.clusterboot.launch;

import java.lang.ProcessBuilder.Redirect;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CommandLine}. {@link JavaCommandProcessTests} have the real launcher
 * read it.
 */
class CommandLineTests {

	private final CommandLine line = new CommandLine("java");

	@BeforeEach
	void addIdentity() {
		this.line.addOwn(List.of("-Did=1"));
	}

	@Test
	void inputIsEmptyWhereNothingIsHidden() {
		this.line.add(List.of("-Da=b", "@x"), true);
		launch("--c=d", "@y");
		assertThat(this.line.shown()).containsExactly("java", "-Did=1", "-Da=b", "@@x", "-jar", "app.jar", "--c=d",
				"@y");
		ProcessBuilder builder = this.line.processBuilder();
		assertThat(builder.command()).isEqualTo(this.line.shown());
		assertThat(builder.redirectInput().file()).hasToString("/dev/null");
		assertThat(builder.redirectOutput()).isEqualTo(Redirect.PIPE);
		assertThat(builder.redirectError()).isEqualTo(Redirect.PIPE);
	}

	@Test
	void hiddenIsAllFromTheFirstToTheLastHiddenOption() {
		this.line.add(List.of("-Da=b"), true);
		this.line.add(List.of("-Dhidden=1", "-Dhidden=2"), false);
		this.line.add(List.of("-Dc=d"), true);
		this.line.add(List.of("-Dhidden=3"), false);
		this.line.add(List.of("-cp", "@x"), true);
		launch("@y");
		assertThat(this.line.shown()).containsExactly("java", "-Did=1", "-Da=b", "@/dev/stdin", "-cp", "@@x", "-jar",
				"app.jar", "@y");
		assertThat(this.line.words()).containsExactly("java", "-Did=1", "-Da=b", "-Dhidden=1", "-Dhidden=2", "-Dc=d",
				"-Dhidden=3", "-cp", "@x", "-jar", "app.jar", "@y");
		assertThat(this.line.processBuilder().redirectInput()).isEqualTo(Redirect.PIPE);
	}

	@Test
	void hiddenArgumentTakesTheTargetWithIt() {
		this.line.add(List.of("-Da=b"), true);
		launch("--c=d", "hidden", "@y");
		assertThat(this.line.shown()).containsExactly("java", "-Did=1", "-Da=b", "@/dev/stdin", "@y");
	}

	@ParameterizedTest
	@ValueSource(strings = { "-Dspring.datasource.password=x", "--app.jwt-secret=x", "--API_KEY=x", "-Dmy.token=",
			"--aws.credentials.id=x", "--db.pass=x", "-javaagent:agent.jar=license_key:x",
			"--spring.application.json={\"accessToken\": \"x\"}", "--url=redis://:x@host",
			"-Durl=amqp://me:x@host/a@b" })
	void whatLooksLikeASecretIsHidden(String word) {
		this.line.add(List.of(word), true);
		launch();
		assertThat(this.line.shown()).containsExactly("java", "-Did=1", "@/dev/stdin", "-jar", "app.jar");
	}

	@ParameterizedTest
	@ValueSource(strings = { "-Xmx1g", "/srv/keycloak/app.jar", "--url=https://me@host:8080/", "--server.port=8080",
			"/opt/secrets/key.jar:/opt/lib/*", "-Dhome=/opt/secrets", "-Xlog:class+load:file=x.log",
			"-agentlib:jdwp=address=*:5005" })
	void otherWordsStay(String word) {
		this.line.add(List.of(word), true);
		launch();
		assertThat(this.line.shown()).contains(word);
	}

	@Test
	void wordThatIsTooLongForACommandLineIsRead() {
		this.line.add(List.of("-cp", "x".repeat(128 * 1024 - 1)), true);
		assertThat(this.line.shown()).doesNotContain("@/dev/stdin");
		this.line.add(List.of("-cp", "x".repeat(128 * 1024)), true);
		launch();
		assertThat(this.line.shown()).endsWith("-cp", "@/dev/stdin", "-jar", "app.jar");
	}

	private void launch(String... arguments) {
		Set<String> exposed = Set.of("-jar", "app.jar", "--c=d", "@y");
		this.line.launch(List.of("-jar", "app.jar"), List.of(arguments), exposed::contains);
	}

}
