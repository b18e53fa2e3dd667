package io.clusterboot.launch;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a JVM was started: the executable, the options, what it launched with which
 * arguments, and the options that it took from the environment. Immutable. Argument files
 * are expanded, since those who write them delete them.
 */
public final class JavaCommand {

	/**
	 * Environment variables from which a JVM takes options.
	 */
	static final Set<String> OPTION_VARIABLES = Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

	private final String executable;

	private final JavaArguments arguments;

	private final Map<String, List<String>> environmentOptions;

	private final Exposure exposure;

	JavaCommand(String executable, JavaArguments arguments, Map<String, List<String>> environmentOptions) {
		this(executable, arguments, environmentOptions, Exposure.NONE);
	}

	JavaCommand(String executable, JavaArguments arguments, Map<String, List<String>> environmentOptions,
			Exposure exposure) {
		this.executable = executable;
		this.arguments = arguments;
		this.environmentOptions = Collections.unmodifiableMap(new LinkedHashMap<>(environmentOptions));
		this.exposure = exposure;
	}

	/**
	 * The command that started this process.
	 * @return the command
	 * @throws IllegalStateException if it cannot be found out
	 */
	public static JavaCommand ofThisProcess() {
		return new ThisProcess().command();
	}

	/**
	 * The executable.
	 * @return a path
	 */
	public String executable() {
		return this.executable;
	}

	/**
	 * The launcher's and the JVM's options on the command line. An option and a value
	 * that is separate from it are two elements.
	 * @return everything before the launch target
	 */
	public List<String> options() {
		return this.arguments.options();
	}

	/**
	 * What the process launched.
	 * @return a main class, {@code -jar} and a file, or {@code -m} and a module
	 */
	public List<String> target() {
		return this.arguments.target();
	}

	/**
	 * The application's arguments.
	 * @return the arguments, exactly as given
	 */
	public List<String> arguments() {
		return this.arguments.arguments();
	}

	/**
	 * The options in environment variables that come on top of {@link #options()}. A
	 * variable of this kind that is missing here must not reach a process that is started
	 * with this command: its options would apply twice.
	 * @return the options by variable
	 */
	public Map<String, List<String>> environmentOptions() {
		return this.environmentOptions;
	}

	/**
	 * What of this command others know anyway.
	 * @return what is exposed, by default nothing
	 */
	Exposure exposure() {
		return this.exposure;
	}

	@Override
	public String toString() {
		// options and arguments may hold secrets
		return this.executable + " " + String.join(" ", target());
	}

}
