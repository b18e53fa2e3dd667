package io.clusterboot.launch;

import java.util.Set;

/**
 * What of the command that started a process is known to others anyway.
 *
 * @param words the words of its command line, which the operating system shows to every
 * user; words of argument files are not among them
 * @param launcherVariable whether {@code JDK_JAVA_OPTIONS} names no argument file, so
 * that what the launcher prints of it holds nothing of one
 */
record Exposure(Set<String> words, boolean launcherVariable) {

	/**
	 * Of a command of which it is not known what others see.
	 */
	static final Exposure NONE = new Exposure(Set.of(), true);

	Exposure {
		words = Set.copyOf(words);
	}

}
