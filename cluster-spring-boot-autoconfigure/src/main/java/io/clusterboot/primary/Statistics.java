package io.clusterboot.primary;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.ClusterStatistics.Queues;
import io.clusterboot.protocol.ClusterStatistics.Reloads;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.RestartReason;

/**
 * Counts what only the primary sees. Belongs to the supervisor's thread.
 */
final class Statistics {

	private final Map<RestartReason, Long> restarts = new EnumMap<>(RestartReason.class);

	private final Map<ReloadDescription.State, Reloads> reloads = new EnumMap<>(ReloadDescription.State.class);

	private long exits;

	void exited() {
		this.exits++;
	}

	void restarted(RestartReason reason) {
		this.restarts.merge(reason, 1L, Long::sum);
	}

	void reloaded(ReloadDescription.State outcome, Duration took) {
		this.reloads.merge(outcome, Reloads.NONE.plus(took), (before, one) -> before.plus(took));
	}

	/**
	 * What has been counted so far.
	 * @param configured number of workers that there should be
	 * @param active number of workers that accept connections
	 * @param dispatched number of connections passed on, by index
	 * @param handOvers the connections that have moved
	 * @param queues what waits
	 * @return the statistics
	 */
	ClusterStatistics describe(int configured, int active, Map<Integer, Long> dispatched, HandOverDescription handOvers,
			Queues queues) {
		return new ClusterStatistics(configured, active, this.exits, this.restarts, this.reloads, dispatched, handOvers,
				queues);
	}

}
