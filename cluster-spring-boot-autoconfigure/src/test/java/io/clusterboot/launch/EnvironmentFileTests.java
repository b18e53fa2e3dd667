package io.clusterboot.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link EnvironmentFile}.
 */
class EnvironmentFileTests {

	@TempDir
	Path directory;

	@Test
	void variablesCommentsAndBlankLines() throws IOException {
		assertThat(read("""
				# comment
				; comment

				A=1
				  _b2 = two words\t
				C=
				D=a=b#c
				E=$A ${A} \\n
				""".replace("_b2 =", "_b2=")))
			.isEqualTo(Map.of("A", "1", "_b2", "two words", "C", "", "D", "a=b#c", "E", "$A ${A} \\n"));
	}

	@Test
	void quotesKeepWhiteSpace() throws IOException {
		assertThat(read("""
				A="  two  words "
				B='$"\\ '
				C="say \\"hi\\" \\\\ \\$x \\n"
				D=it's "not" quoted
				E=""
				F=''
				""")).isEqualTo(Map.of("A", "  two  words ", "B", "$\"\\ ", "C", "say \"hi\" \\ $x \\n", "D",
				"it's \"not\" quoted", "E", "", "F", ""));
	}

	@Test
	void laterValueCounts() throws IOException {
		assertThat(read("A=1\r\nA=2\r\nB=\u00e9")).isEqualTo(Map.of("A", "2", "B", "\u00e9"));
	}

	@Test
	void emptyFileHasNoVariables() throws IOException {
		assertThat(read("")).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "secret", "export A=secret", "A =secret", "1A=secret", "=secret", "A-B=secret",
			"A=\"secret", "A='secret", "A=\"sec\"ret", "A='sec'ret'", "A=secret\\", "A=secret\0" })
	void invalidLineIsNamedAndNotShown(String line) {
		assertThatExceptionOfType(EnvironmentFileException.class).isThrownBy(() -> read("OK=1\n\n" + line + "\n"))
			.withMessageContaining(this.directory.resolve("file") + ": line 3: expected ")
			.withMessageNotContaining("sec");
	}

	@Test
	void missingFileIsNamed() {
		Path missing = this.directory.resolve("missing");
		assertThatExceptionOfType(EnvironmentFileException.class).isThrownBy(() -> EnvironmentFile.read(missing))
			.withMessage(missing + ": the file does not exist");
		assertThatExceptionOfType(EnvironmentFileException.class).isThrownBy(() -> EnvironmentFile.read(this.directory))
			.withMessageContaining(this.directory + ": the file cannot be read");
	}

	@Test
	void fileInAnotherEncodingIsRefused() throws IOException {
		Path file = Files.write(this.directory.resolve("file"), new byte[] { 'A', '=', (byte) 0xe9 });
		assertThatExceptionOfType(EnvironmentFileException.class).isThrownBy(() -> EnvironmentFile.read(file))
			.withMessageContaining("UTF-8");
	}

	@Test
	void failureIsExplained() {
		FailureAnalysis analysis = new EnvironmentFileFailureAnalyzer()
			.analyze(new IllegalStateException(new EnvironmentFileException(Path.of("/x"), "line 1: expected")));
		assertThat(analysis.getDescription()).contains("/x: line 1: expected");
		assertThat(analysis.getAction()).contains("cluster.worker.environment-file");
	}

	private Map<String, String> read(String text) throws IOException {
		return EnvironmentFile.read(Files.writeString(this.directory.resolve("file"), text));
	}

}
