package io.clusterboot.launch;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes the options of an environment variable. Only the launcher's own
 * variable may name argument files.
 */
final class OptionVariable {

	static final String LAUNCHER = "JDK_JAVA_OPTIONS";

	private OptionVariable() {
	}

	/**
	 * Read a variable.
	 * @param variable the variable's name
	 * @param value the variable's value
	 * @param files reads argument files
	 * @return the options, in which no argument file is left
	 * @throws IOException if an argument file cannot be read
	 */
	static List<String> options(String variable, String value, JavaArguments.ArgumentFiles files) throws IOException {
		List<String> options = OptionString.split(value);
		return (variable.equals(LAUNCHER)) ? JavaArguments.escape(JavaArguments.expand(options, files)) : options;
	}

	/**
	 * Whether the launcher's variable names an argument file.
	 * @param value the variable's value
	 * @return whether it does
	 */
	static boolean isNamingFile(String value) {
		return OptionString.split(value)
			.stream()
			.anyMatch((option) -> JavaArguments.isFile(option) && !option.startsWith("@@"));
	}

	/**
	 * Write a variable, unless it says the same already: the value that a process was
	 * started with need not be text.
	 * @param environment the environment to change
	 * @param variable the variable's name
	 * @param options the options
	 */
	static void put(Map<String, String> environment, String variable, List<String> options) {
		String value = environment.get(variable);
		if (options.isEmpty()) {
			environment.remove(variable);
		}
		else if (value == null || !OptionString.split(value).equals(options)) {
			environment.put(variable, OptionString.join(options));
		}
	}

}
