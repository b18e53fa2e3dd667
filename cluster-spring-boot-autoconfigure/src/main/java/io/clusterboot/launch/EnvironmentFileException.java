package io.clusterboot.launch;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Thrown when the file with variables for workers cannot be used. No message contains
 * anything of what stands in the file, which may be secret.
 */
class EnvironmentFileException extends IOException {

	private static final long serialVersionUID = 1;

	/**
	 * Create an exception.
	 * @param file the file
	 * @param problem what is wrong with it, without a full stop
	 */
	EnvironmentFileException(Path file, String problem) {
		super("%s: %s".formatted(file, problem));
	}

}
