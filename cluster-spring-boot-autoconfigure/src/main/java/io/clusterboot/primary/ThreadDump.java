package io.clusterboot.primary;

import java.io.IOException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Asks a JVM for a thread dump, which it prints to its standard output. A JVM that hangs
 * answers SIGQUIT when it answers nothing else; the JDK itself can send only SIGTERM and
 * SIGKILL.
 */
final class ThreadDump {

	private static final Log logger = LogFactory.getLog(ThreadDump.class);

	private ThreadDump() {
	}

	static void request(long pid) {
		try {
			new ProcessBuilder("kill", "-QUIT", Long.toString(pid)).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
		}
		catch (IOException ex) {
			logger.warn("No thread dump of pid %d, since the command 'kill' cannot be run: %s".formatted(pid,
					ex.getMessage()));
		}
	}

}
