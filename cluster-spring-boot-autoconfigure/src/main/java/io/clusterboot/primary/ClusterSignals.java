package io.clusterboot.primary;

import io.clusterboot.os.Signals;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * What signals mean to the primary. Each is logged with its meaning when it comes.
 */
final class ClusterSignals {

	private static final Log logger = LogFactory.getLog(ClusterSignals.class);

	/** What a shell reports for a process that a signal ended, as a JVM does. */
	private static final int SIGNALLED = 128;

	private ClusterSignals() {
	}

	static void handle(Commands commands) {
		Signals.handle("TERM", (number) -> commands.stop("SIGTERM", SIGNALLED + number));
		Signals.handle("INT", (number) -> commands.stop("SIGINT", SIGNALLED + number));
		on("HUP", "reload", commands::reload);
		on("USR2", "reload", commands::reload);
		on("TTIN", "one worker more", (trigger) -> commands.scaleBy(1, trigger));
		on("TTOU", "one worker less", (trigger) -> commands.scaleBy(-1, trigger));
	}

	private static void on(String name, String meaning, Command command) {
		Signals.handle(name, (number) -> {
			logger.info("SIG%s: %s".formatted(name, meaning));
			command.run("SIG" + name);
		});
	}

	@FunctionalInterface
	private interface Command {

		void run(String trigger);

	}

	/**
	 * What can be asked of the cluster, from any thread.
	 */
	interface Commands {

		/**
		 * Stop the cluster. Only the first call has an effect.
		 * @param reason why, for the log
		 * @param exitCode exit code for this process
		 */
		void stop(String reason, int exitCode);

		/**
		 * Replace all workers.
		 * @param trigger who asks
		 */
		void reload(String trigger);

		/**
		 * Change the number of workers.
		 * @param difference how many more
		 * @param trigger who asks
		 */
		void scaleBy(int difference, String trigger);

	}

}
