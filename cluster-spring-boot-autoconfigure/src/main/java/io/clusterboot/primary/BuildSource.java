package io.clusterboot.primary;

import java.util.function.Consumer;

import io.clusterboot.launch.Build;

/**
 * Knows what the application's files are now.
 */
@FunctionalInterface
interface BuildSource {

	/**
	 * Find out, without keeping the caller waiting.
	 * @param found gets the build, on another thread
	 * @param failed gets the reason if there is none, on another thread
	 */
	void prepare(Consumer<Build> found, Consumer<String> failed);

}
