package io.clusterboot.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Options in an environment variable such as {@code JAVA_TOOL_OPTIONS}: white space
 * separates them, quotes of either kind keep it, nothing escapes.
 */
final class OptionString {

	private OptionString() {
	}

	static List<String> split(String value) {
		List<String> options = new ArrayList<>();
		int position = 0;
		while (position < value.length()) {
			if (isWhiteSpace(value.charAt(position))) {
				position++;
				continue;
			}
			StringBuilder option = new StringBuilder();
			while (position < value.length() && !isWhiteSpace(value.charAt(position))) {
				char ch = value.charAt(position++);
				if (ch == '"' || ch == '\'') {
					int end = value.indexOf(ch, position);
					end = (end < 0) ? value.length() : end;
					option.append(value, position, end);
					position = end + 1;
				}
				else {
					option.append(ch);
				}
			}
			options.add(option.toString());
		}
		return options;
	}

	static String join(List<String> options) {
		return options.stream().map(OptionString::quote).collect(Collectors.joining(" "));
	}

	private static String quote(String option) {
		boolean plain = option.chars().noneMatch((ch) -> isWhiteSpace((char) ch) || ch == '"' || ch == '\'');
		if (plain && !option.isEmpty()) {
			return option;
		}
		// a double quote cannot stand between double quotes, so it gets single ones
		return '"' + option.replace("\"", "\"'\"'\"") + '"';
	}

	private static boolean isWhiteSpace(char ch) {
		return ch == ' ' || (ch >= '\t' && ch <= '\r');
	}

}
