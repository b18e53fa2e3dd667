package io.clusterboot.launch;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Finds out how this process was started. What the operating system knows is exact; where
 * it tells nothing, the JVM's own account is put together.
 */
final class ThisProcess {

	private static final Log logger = LogFactory.getLog(ThisProcess.class);

	private static final String DELETED = " (deleted)";

	/**
	 * The charset in which {@link ProcessBuilder} encodes arguments: whatever is decoded
	 * with the same one arrives as it was.
	 */
	static final Charset CHARSET = processCharset();

	JavaCommand command() {
		List<String> arguments = launcherArguments();
		if (arguments != null) {
			try {
				Map<String, List<String>> environment = environmentOptions();
				List<String> own = withoutRepetition(arguments, environment.get(OptionVariable.LAUNCHER));
				return new JavaCommand(executable(), JavaArguments.parse(own, ThisProcess::readArgumentFile),
						environment, exposure(own));
			}
			catch (IOException | IllegalArgumentException ex) {
				logger.debug("The command line of this process cannot be used", ex);
			}
		}
		return new JavaCommand(executable(), new JvmAccount().arguments(), Map.of());
	}

	private static Charset processCharset() {
		String name = System.getProperty("sun.jnu.encoding");
		return (Runtime.version().feature() >= 18 && name != null) ? Charset.forName(name) : Charset.defaultCharset();
	}

	private static @Nullable List<String> launcherArguments() {
		Optional<String> command = ProcessHandle.current().info().command();
		if (command.isPresent() && !isJavaLauncher(command.get())) {
			return null;
		}
		try {
			String line = new String(Files.readAllBytes(Path.of("/proc/self/cmdline")), CHARSET);
			List<String> words = List.of(line.split("\0", -1));
			// every word ends with a NUL, the last one too
			return (words.size() > 2) ? words.subList(1, words.size() - 1) : null;
		}
		catch (IOException ex) {
			return ProcessHandle.current().info().arguments().map(Arrays::asList).orElse(null);
		}
	}

	private static boolean isJavaLauncher(String command) {
		String file = (command.endsWith(DELETED)) ? command.substring(0, command.length() - DELETED.length()) : command;
		return file.substring(file.lastIndexOf('/') + 1).equals("java");
	}

	private static String executable() {
		Optional<String> command = ProcessHandle.current().info().command();
		if (command.isPresent() && isJavaLauncher(command.get()) && Files.isExecutable(Path.of(command.get()))) {
			return command.get();
		}
		return Path.of(System.getProperty("java.home"), "bin", "java").toString();
	}

	private static Exposure exposure(List<String> words) {
		String launcherVariable = System.getenv(OptionVariable.LAUNCHER);
		return new Exposure(new HashSet<>(words),
				launcherVariable == null || !OptionVariable.isNamingFile(launcherVariable));
	}

	private static Map<String, List<String>> environmentOptions() throws IOException {
		Map<String, List<String>> options = new LinkedHashMap<>();
		for (String variable : JavaCommand.OPTION_VARIABLES) {
			String value = System.getenv(variable);
			if (value != null) {
				options.put(variable, OptionVariable.options(variable, value, ThisProcess::readArgumentFile));
			}
		}
		return options;
	}

	/**
	 * Where the launcher had to set {@code LD_LIBRARY_PATH} first, as on Alpine, it has
	 * started itself again with the variable's options in front of the command line.
	 */
	static List<String> withoutRepetition(List<String> arguments, @Nullable List<String> variable) {
		if (variable == null || variable.isEmpty() || arguments.size() <= variable.size()
				|| !arguments.subList(0, variable.size()).equals(variable)) {
			return arguments;
		}
		return new ArrayList<>(arguments.subList(variable.size(), arguments.size()));
	}

	private static String readArgumentFile(String name) throws IOException {
		return new String(Files.readAllBytes(Path.of(name)), CHARSET);
	}

}
