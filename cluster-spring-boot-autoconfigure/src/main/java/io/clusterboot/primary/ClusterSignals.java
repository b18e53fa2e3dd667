package io.clusterboot.primary;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

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

	/**
	 * Until there is a cluster, nothing can be asked of it. By default these signals
	 * would end or stop this process.
	 */
	static void awaitCluster() {
		for (String name : List.of("HUP", "USR2", "TTIN", "TTOU")) {
			Signals.handle(name,
					(number) -> logger.warn("SIG%s: The cluster starts: no worker has been ready yet".formatted(name)));
		}
	}

	static void handle(Commands commands) {
		Signals.handle("TERM", (number) -> commands.stop("SIGTERM", SIGNALLED + number));
		Signals.handle("INT", (number) -> commands.stop("SIGINT", SIGNALLED + number));
		Signals.handle("HUP", (number) -> understood("SIGHUP", "reload", commands::reload));
		AtomicBoolean warned = new AtomicBoolean();
		Signals.handle("USR2", (number) -> {
			if (!FlightRecording.isRunning()) {
				understood("SIGUSR2", "reload", commands::reload);
			}
			else if (warned.compareAndSet(false, true)) {
				logger.warn("SIGUSR2 reloads nothing during a flight recording, which makes the JVM send that signal "
						+ "to itself: use SIGHUP");
			}
		});
		Signals.handle("TTIN",
				(number) -> understood("SIGTTIN", "one worker more", (trigger) -> commands.scaleBy(1, trigger)));
		Signals.handle("TTOU",
				(number) -> understood("SIGTTOU", "one worker less", (trigger) -> commands.scaleBy(-1, trigger)));
	}

	private static void understood(String signal, String meaning, Consumer<String> command) {
		logger.info("%s: %s".formatted(signal, meaning));
		command.accept(signal);
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
