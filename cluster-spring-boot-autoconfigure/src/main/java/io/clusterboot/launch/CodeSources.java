package io.clusterboot.launch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

/**
 * From where a command loads its code: the jar that it launches, or its class path and
 * module path. Agents and patches of modules are not among them.
 */
final class CodeSources {

	private static final Set<String> CLASS_PATH_OPTIONS = Set.of("-cp", "-classpath", "--class-path");

	private static final Set<String> MODULE_PATH_OPTIONS = Set.of("-p", "--module-path");

	private final JavaCommand command;

	private final List<String> launcherOptions;

	private final @Nullable String classPathVariable;

	/**
	 * Create the sources of a command.
	 * @param command the command
	 * @param launcherOptions options that the launcher finds in the environment
	 * @param classPathVariable the value of {@code CLASSPATH}
	 */
	CodeSources(JavaCommand command, List<String> launcherOptions, @Nullable String classPathVariable) {
		this.command = command;
		this.launcherOptions = launcherOptions;
		this.classPathVariable = classPathVariable;
	}

	/**
	 * Copy the sources.
	 * @param copy where to
	 * @throws IOException if that is not possible
	 */
	void copyTo(BuildCopy copy) throws IOException {
		String jar = jar();
		if (jar != null) {
			copy.addLaunchedJar(Path.of(jar));
		}
		else if (this.command.options().stream().anyMatch((option) -> option.startsWith("-Djava.class.path="))) {
			throw new UnstageableException("the class path is set by -Djava.class.path instead of -cp");
		}
		copyPath(classPath(), copy);
		copyPath(modulePath(), copy);
	}

	private static void copyPath(@Nullable String path, BuildCopy copy) throws IOException {
		for (String entry : (path != null) ? entries(path) : List.<String>of()) {
			if (isWildcard(entry)) {
				copy.addJarsIn(directoryOf(entry));
			}
			else {
				copy.add(file(entry));
			}
		}
	}

	/**
	 * The same command with other sources.
	 * @param relocation where each source has moved
	 * @return the command
	 */
	JavaCommand relocate(UnaryOperator<Path> relocation) {
		List<String> options = new ArrayList<>();
		Set<String> exposed = new HashSet<>(this.command.exposure().words());
		String jar = jar();
		for (int i = 0; i < this.command.options().size(); i++) {
			String option = this.command.options().get(i);
			boolean replaced = (jar == null && isPath(option, CLASS_PATH_OPTIONS))
					|| isPath(option, MODULE_PATH_OPTIONS);
			if (!replaced) {
				options.add(option);
			}
			else if (!option.contains("=")) {
				// its value
				i++;
			}
		}
		addPath(options, "-cp", classPath(), relocation, exposed);
		addPath(options, "-p", modulePath(), relocation, exposed);
		List<String> target = this.command.target();
		if (jar != null) {
			String copy = relocation.apply(Path.of(jar)).toString();
			exposeLike(jar, List.of(copy), exposed);
			target = List.of("-jar", copy);
		}
		return new JavaCommand(this.command.executable(), new JavaArguments(options, target, this.command.arguments()),
				this.command.environmentOptions(), new Exposure(exposed, this.command.exposure().launcherVariable()));
	}

	/**
	 * Where a copy is says no more than where the original is.
	 */
	private static void exposeLike(String original, List<String> copy, Set<String> exposed) {
		if (exposed.contains(original)) {
			exposed.addAll(copy);
		}
	}

	private static void addPath(List<String> options, String option, @Nullable String path,
			UnaryOperator<Path> relocation, Set<String> exposed) {
		if (path != null) {
			List<String> entries = entries(path).stream()
				.map((entry) -> (isWildcard(entry)) ? relocation.apply(directoryOf(entry)) + File.separator + "*"
						: relocation.apply(file(entry)).toString())
				.toList();
			List<String> copy = List.of(option, String.join(File.pathSeparator, entries));
			exposeLike(path, copy, exposed);
			options.addAll(copy);
		}
	}

	private @Nullable String jar() {
		List<String> target = this.command.target();
		return (target.get(0).equals("-jar")) ? target.get(1) : null;
	}

	/**
	 * The class path, or {@code null} if the JVM has none, or none but the jar.
	 */
	private @Nullable String classPath() {
		if (jar() != null) {
			return null;
		}
		String option = path(CLASS_PATH_OPTIONS);
		if (option != null) {
			return option;
		}
		boolean module = this.command.target().get(0).startsWith("-");
		return (this.classPathVariable != null || module) ? this.classPathVariable : ".";
	}

	private @Nullable String modulePath() {
		return path(MODULE_PATH_OPTIONS);
	}

	/**
	 * The last value counts, and that on the command line more than that in a variable.
	 */
	private @Nullable String path(Set<String> names) {
		List<String> options = new ArrayList<>(this.launcherOptions);
		options.addAll(this.command.options());
		String path = null;
		for (int i = 0; i < options.size(); i++) {
			String option = options.get(i);
			if (isPath(option, names)) {
				int equals = option.indexOf('=');
				path = (equals >= 0) ? option.substring(equals + 1)
						: (i + 1 < options.size()) ? options.get(i + 1) : null;
			}
		}
		return path;
	}

	private static boolean isPath(String option, Set<String> names) {
		return names.contains(option)
				|| (option.startsWith("--") && option.contains("=") && names.contains(option.split("=")[0]));
	}

	private static List<String> entries(String path) {
		return List.of(path.split(File.pathSeparator, -1));
	}

	private static Path file(String entry) {
		// an empty entry is the working directory
		return Path.of((entry.isEmpty()) ? "." : entry);
	}

	private static boolean isWildcard(String entry) {
		return entry.equals("*") || entry.endsWith(File.separator + "*");
	}

	private static Path directoryOf(String wildcard) {
		return file(wildcard.substring(0, wildcard.length() - 1));
	}

}
