package io.clusterboot.launch;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The words of an argument file, by the rules of the {@code java} launcher: white space
 * separates, quotes of either kind keep it, a backslash escapes within quotes only and
 * continues a line at its end, {@code #} starts a comment.
 */
final class ArgumentFile {

	private final List<String> words = new ArrayList<>();

	private final StringBuilder word = new StringBuilder();

	private final StringBuilder run = new StringBuilder();

	private boolean fixed;

	private final String text;

	private int position;

	private ArgumentFile(String text) {
		this.text = text;
	}

	static List<String> words(String text) {
		ArgumentFile file = new ArgumentFile(text);
		while (file.skip(" \t\n\r\f")) {
			file.readWord();
		}
		return file.words;
	}

	/**
	 * Write a word. The launcher knows bytes only: in some charsets a backslash is also
	 * the second byte of another character.
	 * @param word any word, as the launcher is to get it
	 * @return a line that says this word
	 */
	static byte[] quote(byte[] word) {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		line.write('"');
		for (byte each : word) {
			switch (each) {
				case '\n' -> line.writeBytes(new byte[] { '\\', 'n' });
				case '\r' -> line.writeBytes(new byte[] { '\\', 'r' });
				case '"', '\\' -> line.writeBytes(new byte[] { '\\', each });
				default -> line.write(each);
			}
		}
		line.writeBytes(new byte[] { '"', '\n' });
		return line.toByteArray();
	}

	private void readWord() {
		while (this.position < this.text.length()) {
			char ch = this.text.charAt(this.position++);
			if (isWhiteSpace(ch)) {
				endWord();
				return;
			}
			if (ch == '#') {
				// the launcher forgets what preceded a comment, unless it was quoted
				this.run.setLength(0);
				skipLine();
				return;
			}
			if (ch == '"' || ch == '\'') {
				if (!readQuoted(ch)) {
					return;
				}
			}
			else {
				this.run.append(ch);
			}
		}
		endOfFile();
	}

	private boolean readQuoted(char quote) {
		keepRunUnlessEmpty();
		while (this.position < this.text.length()) {
			char ch = this.text.charAt(this.position++);
			if (ch == quote) {
				keepRunUnlessEmpty();
				return true;
			}
			if (ch == '\n' || ch == '\r') {
				endWord();
				return false;
			}
			if (ch == '\\') {
				keepRun();
				readEscape();
			}
			else {
				this.run.append(ch);
			}
		}
		endOfFile();
		return false;
	}

	private void readEscape() {
		if (this.position == this.text.length()) {
			return;
		}
		char ch = this.text.charAt(this.position++);
		switch (ch) {
			case '\n', '\r' -> skip(" \t\n\r\f");
			case 'n' -> this.word.append('\n');
			case 'r' -> this.word.append('\r');
			case 't' -> this.word.append('\t');
			case 'f' -> this.word.append('\f');
			default -> this.word.append(ch);
		}
	}

	private void keepRunUnlessEmpty() {
		if (!this.run.isEmpty()) {
			keepRun();
		}
	}

	private void keepRun() {
		this.word.append(this.run);
		this.run.setLength(0);
		this.fixed = true;
	}

	private void endWord() {
		keepRun();
		this.words.add(this.word.toString());
		this.word.setLength(0);
		this.fixed = false;
	}

	private void endOfFile() {
		keepRunUnlessEmpty();
		// the launcher overlooks an empty word that no line end follows
		if (this.fixed) {
			endWord();
		}
	}

	private void skipLine() {
		while (this.position < this.text.length()) {
			char ch = this.text.charAt(this.position++);
			if (ch == '\n' || ch == '\r') {
				return;
			}
		}
	}

	private boolean skip(String characters) {
		while (this.position < this.text.length() && characters.indexOf(this.text.charAt(this.position)) >= 0) {
			this.position++;
		}
		return this.position < this.text.length();
	}

	private static boolean isWhiteSpace(char ch) {
		return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
	}

}
