package io.clusterboot.primary;

import java.util.Collection;
import java.util.function.Consumer;

import io.clusterboot.launch.Build;

/**
 * Knows what the application's files are now. Nothing keeps the caller waiting.
 */
interface BuildSource {

	/**
	 * Find out.
	 * @param found gets the build, on another thread
	 * @param failed gets the reason if there is none, on another thread
	 */
	void prepare(Consumer<Build> found, Consumer<String> failed);

	/**
	 * Give up what nobody runs any more.
	 * @param used the builds from which workers run or may still be started
	 */
	void retain(Collection<Build> used);

}
