package io.clusterboot.launch;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * The command line as the JVM itself remembers it. Options from environment variables and
 * from files are among the others. Spaces within application arguments are lost.
 */
final class JvmAccount {

	private final List<String> inputArguments;

	private final Function<String, @Nullable String> properties;

	JvmAccount() {
		this(ManagementFactory.getRuntimeMXBean().getInputArguments(), System::getProperty);
	}

	JvmAccount(List<String> inputArguments, Function<String, @Nullable String> properties) {
		this.inputArguments = inputArguments;
		this.properties = properties;
	}

	/**
	 * The arguments that start the same application.
	 * @return the arguments
	 * @throws IllegalStateException if the JVM does not know what it launched
	 */
	JavaArguments arguments() {
		String command = property("sun.java.command");
		String classPath = property("java.class.path");
		if (command.isBlank()) {
			throw new IllegalStateException("The command line of this process is unknown: its JVM was not started by "
					+ "the 'java' launcher. Set cluster.enabled=false");
		}
		List<String> options = new ArrayList<>(this.inputArguments);
		if (isJar(command, classPath)) {
			return new JavaArguments(options, List.of("-jar", classPath), words(command.substring(classPath.length())));
		}
		if (!classPath.isEmpty()) {
			options.addAll(List.of("-cp", classPath));
		}
		List<String> words = words(command);
		List<String> target = List.of(words.get(0));
		if (!property("jdk.module.main").isEmpty()) {
			options.removeIf((option) -> option.startsWith("-Djdk.module.main="));
			target = List.of("-m", words.get(0));
		}
		return new JavaArguments(options, target, words.subList(1, words.size()));
	}

	private static boolean isJar(String command, String classPath) {
		return !classPath.isEmpty() && !classPath.contains(File.pathSeparator)
				&& (command.equals(classPath) || command.startsWith(classPath + " "));
	}

	private static List<String> words(String text) {
		return (text.isBlank()) ? List.of() : List.of(text.trim().split(" "));
	}

	private String property(String name) {
		String value = this.properties.apply(name);
		return (value != null) ? value : "";
	}

}
