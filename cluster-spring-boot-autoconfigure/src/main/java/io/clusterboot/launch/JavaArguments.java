package io.clusterboot.launch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The arguments of a {@code java} command, taken apart by the launcher's grammar.
 *
 * @param options everything before the launch target, argument files expanded; an option
 * and its separate value are two elements
 * @param target what is launched: a main class, {@code -jar} and a file, or {@code -m}
 * and a module
 * @param arguments the application's arguments, verbatim
 */
record JavaArguments(List<String> options, List<String> target, List<String> arguments) {

	private static final Set<String> OPTIONS_WITH_SEPARATE_VALUE = Set.of("-cp", "-classpath", "--class-path", "-p",
			"--module-path", "--upgrade-module-path", "--add-modules", "--limit-modules", "--add-exports",
			"--add-opens", "--add-reads", "--patch-module", "--enable-native-access", "--source", "-d",
			"--describe-module");

	JavaArguments {
		options = List.copyOf(options);
		target = List.copyOf(target);
		arguments = List.copyOf(arguments);
	}

	/**
	 * Take arguments apart.
	 * @param raw the arguments as the process got them, without the executable
	 * @param files reads the argument files that they name
	 * @return their parts
	 * @throws IOException if an argument file cannot be read
	 * @throws IllegalArgumentException if the arguments launch nothing
	 */
	static JavaArguments parse(List<String> raw, ArgumentFiles files) throws IOException {
		List<String> words = new Expansion(files).expand(raw);
		List<String> options = new ArrayList<>();
		boolean jar = false;
		for (int i = 0; i < words.size(); i++) {
			String word = words.get(i);
			if (!word.startsWith("-")) {
				return new JavaArguments(options, jar ? List.of("-jar", word) : List.of(word),
						words.subList(i + 1, words.size()));
			}
			if (word.startsWith("--module=")) {
				return new JavaArguments(options, List.of(word), words.subList(i + 1, words.size()));
			}
			boolean hasValue = i + 1 < words.size();
			if (isModule(word) && hasValue) {
				return new JavaArguments(options, List.of(word, words.get(i + 1)), words.subList(i + 2, words.size()));
			}
			if (word.equals("-jar")) {
				// options may stand between this and the file
				jar = true;
			}
			else if (!word.equals("--disable-@files")) {
				options.add(word);
				if (OPTIONS_WITH_SEPARATE_VALUE.contains(word) && hasValue) {
					options.add(words.get(++i));
				}
			}
		}
		// the words themselves may be secrets
		throw new IllegalArgumentException("No main class, jar or module among %d words".formatted(words.size()));
	}

	/**
	 * Expand the argument files in options that launch nothing themselves, like those of
	 * {@code JDK_JAVA_OPTIONS}.
	 * @param raw the options
	 * @param files reads the argument files that they name
	 * @return the options
	 * @throws IOException if an argument file cannot be read
	 */
	static List<String> expand(List<String> raw, ArgumentFiles files) throws IOException {
		return new Expansion(files).expand(raw);
	}

	/**
	 * The arguments as a launcher takes them.
	 * @return options, target and application arguments
	 */
	List<String> toList() {
		List<String> list = new ArrayList<>(escape(this.options));
		list.addAll(escape(this.target));
		list.addAll(this.arguments);
		return list;
	}

	/**
	 * Keep the launcher from taking expanded options for argument files.
	 * @param options options in which no argument files are left
	 * @return options for the launcher
	 */
	static List<String> escape(List<String> options) {
		return options.stream().map(JavaArguments::escape).toList();
	}

	static String escape(String option) {
		return (isFile(option)) ? "@" + option : option;
	}

	/**
	 * The reverse of {@link #escape(List)}.
	 * @param options options for the launcher, which name no argument files
	 * @return the options as they are in an argument file
	 */
	static List<String> unescape(List<String> options) {
		return options.stream().map((option) -> isFile(option) ? option.substring(1) : option).toList();
	}

	static boolean isFile(String word) {
		return word.length() > 1 && word.startsWith("@");
	}

	private static boolean isModule(String word) {
		return word.equals("-m") || word.equals("--module");
	}

	/**
	 * Reads argument files.
	 */
	interface ArgumentFiles {

		/**
		 * Read a file.
		 * @param name the name after the {@code @}
		 * @return the file's text
		 * @throws IOException if it cannot be read
		 */
		String read(String name) throws IOException;

	}

	/**
	 * Replaces argument files by their words. It has a simpler idea of the grammar than
	 * the rest of the launcher, and ends where it sees the launch target.
	 */
	private static final class Expansion {

		private final ArgumentFiles files;

		private boolean ended;

		private boolean valueExpected;

		Expansion(ArgumentFiles files) {
			this.files = files;
		}

		List<String> expand(List<String> raw) throws IOException {
			List<String> expanded = new ArrayList<>();
			for (String word : raw) {
				expanded.addAll(expand(word));
			}
			return expanded;
		}

		private List<String> expand(String word) throws IOException {
			if (this.ended) {
				return List.of(word);
			}
			List<String> words = (isFile(word)) ? unfold(word.substring(1)) : List.of(word);
			words.forEach(this::see);
			return words;
		}

		private List<String> unfold(String name) throws IOException {
			return (name.startsWith("@")) ? List.of(name) : ArgumentFile.words(this.files.read(name));
		}

		private void see(String word) {
			if (word.startsWith("-")) {
				this.valueExpected = OPTIONS_WITH_SEPARATE_VALUE.contains(word);
				this.ended |= word.startsWith("--module=") || word.equals("--disable-@files");
			}
			else {
				this.ended |= !this.valueExpected;
				this.valueExpected = false;
			}
		}

	}

}
