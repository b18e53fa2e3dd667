package io.clusterboot.protocol;

import java.time.Duration;
import java.util.Map;

import io.clusterboot.protocol.ClusterDescription.HandOverDescription;

/**
 * What the primary has counted since it started. Immutable.
 *
 * @param configuredWorkers number of workers that there should be
 * @param activeWorkers number of workers that accept connections
 * @param exits number of workers' processes that have exited
 * @param restarts number of workers that have been replaced, by {@link RestartReason}
 * @param reloads reloads whose outcome is known, by that
 * @param dispatched number of connections that workers have taken from the primary, by
 * their index; empty if workers accept for themselves
 * @param handOvers the connections that have moved from one worker to another
 * @param queues what waits at the primary
 */
public record ClusterStatistics(int configuredWorkers, int activeWorkers, long exits, Map<RestartReason, Long> restarts,
		Map<ReloadDescription.State, Reloads> reloads, Map<Integer, Long> dispatched, HandOverDescription handOvers,
		Queues queues) {

	/**
	 * The statistics of a primary that has not told any.
	 */
	public static final ClusterStatistics NONE = new ClusterStatistics(0, 0, 0, Map.of(), Map.of(), Map.of(),
			new HandOverDescription(0, 0), Queues.EMPTY);

	public ClusterStatistics {
		restarts = Map.copyOf(restarts);
		reloads = Map.copyOf(reloads);
		dispatched = Map.copyOf(dispatched);
	}

	/**
	 * How often a worker has been replaced.
	 * @param reason for one reason
	 * @return the number
	 */
	public long restarts(RestartReason reason) {
		return this.restarts.getOrDefault(reason, 0L);
	}

	/**
	 * The reloads that ended in one way.
	 * @param outcome the way
	 * @return the reloads
	 */
	public Reloads reloads(ReloadDescription.State outcome) {
		return this.reloads.getOrDefault(outcome, Reloads.NONE);
	}

	/**
	 * What waits at the primary.
	 *
	 * @param connections connections that no worker has taken yet
	 * @param messages messages that are to be sent to workers, by their index
	 */
	public record Queues(int connections, Map<Integer, Integer> messages) {

		/**
		 * Nothing waits.
		 */
		public static final Queues EMPTY = new Queues(0, Map.of());

		public Queues {
			messages = Map.copyOf(messages);
		}

	}

	/**
	 * Reloads that ended in the same way.
	 *
	 * @param count their number
	 * @param duration how long they took together
	 */
	public record Reloads(long count, Duration duration) {

		/**
		 * No reload.
		 */
		public static final Reloads NONE = new Reloads(0, Duration.ZERO);

		/**
		 * These reloads and one more.
		 * @param took how long that took
		 * @return the reloads
		 */
		public Reloads plus(Duration took) {
			return new Reloads(this.count + 1, this.duration.plus(took));
		}

	}

}
