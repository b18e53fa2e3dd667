package io.clusterboot.launch;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ArgumentFile}. {@link JavaCommandProcessTests} compares it with the
 * real launcher.
 */
class ArgumentFileTests {

	@Test
	void whiteSpaceSeparates() {
		assertThat(ArgumentFile.words(" -cp\ta.jar\r\n\fMain ")).containsExactly("-cp", "a.jar", "Main");
	}

	@Test
	void quotesKeepWhiteSpaceAndTheOtherQuote() {
		assertThat(ArgumentFile.words("\"a b\" 'c \"d\" e' f\"g h\"'i'\n")).containsExactly("a b", "c \"d\" e",
				"fg hi");
	}

	@Test
	void backslashEscapesWithinQuotesOnly() {
		assertThat(ArgumentFile.words("\"c:\\\\x\\ty\\n\\\"\" c:\\x\n")).containsExactly("c:\\x\ty\n\"", "c:\\x");
	}

	@Test
	void backslashContinuesAQuotedLine() {
		assertThat(ArgumentFile.words("\"-cp \\\n    a:\\\r\n\tb\"")).containsExactly("-cp a:b");
	}

	@Test
	void lineEndClosesAnOpenQuote() {
		assertThat(ArgumentFile.words("\"a b\nc")).containsExactly("a b", "c");
	}

	@Test
	void commentEndsWithTheLine() {
		assertThat(ArgumentFile.words("# one\na #b 'c\n'#d' # e")).containsExactly("a", "#d");
	}

	@Test
	void commentTakesTheUnquotedStartOfItsWord() {
		assertThat(ArgumentFile.words("a#b\nc")).containsExactly("c");
	}

	@Test
	void emptyWordNeedsALineEnd() {
		assertThat(ArgumentFile.words("\"\" a \"\"\n")).containsExactly("", "a", "");
		assertThat(ArgumentFile.words("a \"\"")).containsExactly("a");
	}

	@Test
	void emptyFileHasNoWords() {
		assertThat(ArgumentFile.words("")).isEmpty();
		assertThat(ArgumentFile.words(" \n#x")).isEmpty();
	}

	/**
	 * In Shift JIS the second byte of this character is a backslash.
	 */
	@Test
	void quotesBytes() {
		Charset charset = Charset.forName("Shift_JIS");
		assertThat(ArgumentFile.quote("表".getBytes(charset))).containsExactly('"', 0x95, '\\', '\\', '"', '\n');
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a b", "\"", "it's \\ #1", "two\nlines\r", "\t", "@x", "é€𝄞" })
	void readsWhatItQuotes(String word) {
		byte[] line = ArgumentFile.quote(word.getBytes(StandardCharsets.UTF_8));
		assertThat(ArgumentFile.words(new String(line, StandardCharsets.UTF_8))).containsExactly(word);
	}

}
