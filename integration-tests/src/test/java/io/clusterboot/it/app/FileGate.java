package io.clusterboot.it.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Lets a test in another process say when to go on: by creating a file.
 */
public final class FileGate {

	private FileGate() {
	}

	public static void awaitFile(Path file, Duration limit) throws InterruptedException {
		long deadline = System.nanoTime() + limit.toNanos();
		while (!Files.exists(file)) {
			if (System.nanoTime() - deadline > 0) {
				throw new IllegalStateException(file + " did not appear within " + limit);
			}
			Thread.sleep(10);
		}
	}

}
