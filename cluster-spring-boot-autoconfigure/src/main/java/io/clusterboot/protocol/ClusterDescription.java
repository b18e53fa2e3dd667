package io.clusterboot.protocol;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * The whole cluster as the primary sees it at one moment.
 *
 * @param primary the primary's process
 * @param configuredWorkers number of workers that there should be
 * @param readyWorkers number of workers that accept connections
 * @param listeners the sockets that the workers share
 * @param builds what the workers run, oldest first; one unless a reload is under way or
 * has failed in the middle
 * @param reload the reload under way, or else the last one
 * @param handOvers the connections that have moved from one worker to another
 * @param workers the workers, by index and id
 * @param redis the Redis that the cluster runs, or {@code null} if it runs none
 */
public record ClusterDescription(PrimaryDescription primary, int configuredWorkers, int readyWorkers,
		List<Listener> listeners, List<String> builds, ReloadDescription reload, HandOverDescription handOvers,
		List<WorkerDescription> workers, @Nullable RedisDescription redis) {

	/**
	 * The primary's process.
	 *
	 * @param pid process id
	 * @param startedAt when it became the primary
	 * @param uptime time since then
	 */
	public record PrimaryDescription(long pid, Instant startedAt, Duration uptime) {
	}

	/**
	 * A socket that the workers share.
	 *
	 * @param address address that it is bound to
	 * @param port port that it is bound to
	 */
	public record Listener(String address, int port) {
	}

	/**
	 * The connections that workers have handed over since the cluster was started.
	 *
	 * @param handedOver number of those that another worker has taken
	 * @param returned number of those that none has taken
	 */
	public record HandOverDescription(long handedOver, long returned) {
	}

	/**
	 * The Redis that the cluster runs.
	 *
	 * @param pid process id, or {@code null} while it does not run
	 * @param socket path of the UNIX socket that it listens on
	 * @param up whether it runs
	 * @param restarts how often it was started again after it had ended
	 */
	public record RedisDescription(@JsonInclude @Nullable Long pid, String socket, boolean up, int restarts) {
	}

	/**
	 * One worker.
	 *
	 * @param id number that no other worker of this cluster has or had
	 * @param index place in the cluster, which a replacement inherits
	 * @param pid process id
	 * @param state where it is in its life
	 * @param generation generation that it is of: 0, or that of the reload that started
	 * it
	 * @param build what it runs: a digest of the application's files, or {@code null} if
	 * it runs from where the user put them
	 * @param startedAt when its process was started
	 * @param readyAt when it first accepted connections
	 * @param uptime time since its process was started
	 * @param restarts how often a worker at this index has been replaced after it exited
	 * unexpectedly
	 * @param lastExit how the last one at this index exited
	 * @param load how busy it is
	 */
	public record WorkerDescription(int id, int index, long pid, WorkerState state, int generation,
			@JsonInclude @Nullable String build, Instant startedAt, @JsonInclude @Nullable Instant readyAt,
			Duration uptime, int restarts, @JsonInclude @Nullable ExitDescription lastExit, WorkerLoad load) {
	}

	/**
	 * How a worker exited.
	 *
	 * @param code exit code; for a signal 128 and its number
	 * @param signal name of the signal that ended it, such as {@code SIGKILL}
	 * @param reason why it exited, in words
	 * @param at when
	 */
	public record ExitDescription(int code, @JsonInclude @Nullable String signal, String reason, Instant at) {
	}

}
