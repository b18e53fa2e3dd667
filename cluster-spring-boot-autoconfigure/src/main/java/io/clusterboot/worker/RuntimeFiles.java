package io.clusterboot.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.clusterboot.os.SharedDirectory;
import io.clusterboot.protocol.WorkerIdentity;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.SpringApplication;

/**
 * The primary's files as a worker needs them: the socket, and the copy from which it
 * loads classes until its very end. A primary that was killed could not remove them; the
 * last worker that leaves does it.
 */
public final class RuntimeFiles {

	private static final Log logger = LogFactory.getLog(RuntimeFiles.class);

	private static boolean used;

	private RuntimeFiles() {
	}

	/**
	 * Use the files until this process ends, if it is a worker. To be called before
	 * logging is set up: Boot's shutdown handlers run after all application contexts have
	 * been closed, the first one last.
	 */
	public static synchronized void use() {
		WorkerIdentity identity = WorkerIdentity.ofThisProcess();
		Path directory = (identity != null) ? identity.socket().getParent() : null;
		if (directory != null && !used) {
			used = true;
			use(directory);
		}
	}

	private static void use(Path directory) {
		try {
			Path builds = directory.resolve("builds");
			// they are elsewhere if the user wants so
			if (Files.isSymbolicLink(builds)) {
				leaveAtTheEnd(builds.toRealPath());
			}
			leaveAtTheEnd(directory);
		}
		catch (IOException ex) {
			// without a primary this worker will fail to start
			logger.debug("Cannot use " + directory, ex);
		}
	}

	private static void leaveAtTheEnd(Path directory) throws IOException {
		SpringApplication.getShutdownHandlers().add(SharedDirectory.join(directory)::leave);
	}

}
