package io.clusterboot.primary;

import java.util.Map;

import io.clusterboot.protocol.RestartReason;
import org.jspecify.annotations.Nullable;

/**
 * What the exit code of a process tells. The JDK reports a process that a signal ended as
 * 128 and the signal's number, which is also what a JVM returns that has handled one.
 *
 * @param code the exit code
 */
record ExitStatus(int code) {

	/** Exit code of a JVM that runs with ExitOnOutOfMemoryError. */
	private static final int OUT_OF_MEMORY = 3;

	private static final int SIGNALLED = 128;

	/** Numbers that Linux and macOS agree on. */
	private static final Map<Integer, String> SIGNALS = Map.ofEntries(Map.entry(1, "SIGHUP"), Map.entry(2, "SIGINT"),
			Map.entry(3, "SIGQUIT"), Map.entry(4, "SIGILL"), Map.entry(5, "SIGTRAP"), Map.entry(6, "SIGABRT"),
			Map.entry(8, "SIGFPE"), Map.entry(9, "SIGKILL"), Map.entry(11, "SIGSEGV"), Map.entry(13, "SIGPIPE"),
			Map.entry(14, "SIGALRM"), Map.entry(15, "SIGTERM"));

	/**
	 * The signal that ended the process.
	 * @return its name, or {@code null} if it exited by itself
	 */
	@Nullable String signal() {
		return (this.code > SIGNALLED) ? SIGNALS.get(this.code - SIGNALLED) : null;
	}

	/**
	 * Why a worker has to be replaced whose process ended like this.
	 * @return the reason, as far as the exit code tells
	 */
	RestartReason restartReason() {
		if (signal() != null) {
			return RestartReason.SIGNAL;
		}
		return (this.code == OUT_OF_MEMORY) ? RestartReason.OUT_OF_MEMORY : RestartReason.EXIT;
	}

	@Override
	public String toString() {
		String signal = signal();
		if (signal != null) {
			return "ended by " + signal;
		}
		if (this.code == OUT_OF_MEMORY) {
			return "exit code 3, which a JVM returns when it is out of memory";
		}
		return "exit code " + this.code;
	}

}
