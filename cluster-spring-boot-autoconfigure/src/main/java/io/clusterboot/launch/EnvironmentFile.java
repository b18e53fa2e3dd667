package io.clusterboot.launch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file with environment variables, in the part of the format of systemd's
 * {@code EnvironmentFile} that needs no more than one line for a variable: a name, an
 * equals sign and a value, which may stand between quotes. Nothing is expanded.
 */
final class EnvironmentFile {

	private static final Pattern ASSIGNMENT = Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)=(.*)", Pattern.DOTALL);

	private static final Pattern ESCAPE = Pattern.compile("\\\\([\\\\\"`$])");

	private static final Pattern DOUBLE_QUOTED = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

	private static final Pattern SINGLE_QUOTED = Pattern.compile("'([^']*)'");

	private final Path file;

	private EnvironmentFile(Path file) {
		this.file = file;
	}

	/**
	 * Read a file.
	 * @param file the file
	 * @return the variables, of which a later one counts more than an earlier one of the
	 * same name
	 * @throws EnvironmentFileException if it cannot be read, or not be understood
	 */
	static Map<String, String> read(Path file) throws EnvironmentFileException {
		return new EnvironmentFile(file).read();
	}

	private Map<String, String> read() throws EnvironmentFileException {
		Map<String, String> variables = new LinkedHashMap<>();
		String[] lines = text().split("\\R", -1);
		for (int i = 0; i < lines.length; i++) {
			String line = lines[i].strip();
			if (!line.isEmpty() && !line.startsWith("#") && !line.startsWith(";")) {
				Matcher assignment = ASSIGNMENT.matcher(line);
				if (!assignment.matches() || line.indexOf('\0') >= 0) {
					throw invalid(i, "expected NAME=value, where the name has letters, digits and underscores");
				}
				variables.put(assignment.group(1), value(assignment.group(2).strip(), i));
			}
		}
		return variables;
	}

	private String text() throws EnvironmentFileException {
		try {
			return StandardCharsets.UTF_8.newDecoder()
				.decode(ByteBuffer.wrap(Files.readAllBytes(this.file)))
				.toString();
		}
		catch (NoSuchFileException ex) {
			throw new EnvironmentFileException(this.file, "the file does not exist");
		}
		catch (CharacterCodingException ex) {
			throw new EnvironmentFileException(this.file, "the file is not encoded in UTF-8");
		}
		catch (IOException ex) {
			throw new EnvironmentFileException(this.file, "the file cannot be read: " + ex);
		}
	}

	private String value(String text, int line) throws EnvironmentFileException {
		if (text.endsWith("\\") && !text.startsWith("'") && !text.startsWith("\"")) {
			throw invalid(line, "expected the value on one line, without a backslash at its end");
		}
		if (text.startsWith("\"")) {
			return ESCAPE.matcher(unquoted(DOUBLE_QUOTED, text, line)).replaceAll("$1");
		}
		return (text.startsWith("'")) ? unquoted(SINGLE_QUOTED, text, line) : text;
	}

	private String unquoted(Pattern quoted, String text, int line) throws EnvironmentFileException {
		Matcher matcher = quoted.matcher(text);
		if (!matcher.matches()) {
			throw invalid(line, "expected a quote at the end of the value that begins with one, and none between");
		}
		return matcher.group(1);
	}

	private EnvironmentFileException invalid(int line, String expected) {
		return new EnvironmentFileException(this.file, "line %d: %s".formatted(line + 1, expected));
	}

}
