package io.clusterboot.launch;

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

	@ParameterizedTest
	@ValueSource(strings = { "", "a b", "\"", "it's \\ #1", "two\nlines\r", "\t", "@x" })
	void readsWhatItQuotes(String word) {
		assertThat(ArgumentFile.words(ArgumentFile.quote(word))).containsExactly(word);
	}

}
