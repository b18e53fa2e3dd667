package io.clusterboot.primary;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.clusterboot.ClusterProperties;

/**
 * Knows which workers have been silent for too long.
 */
final class Heartbeats {

	private final long timeout;

	private final Map<Integer, Long> lastHeard = new HashMap<>();

	Heartbeats(ClusterProperties.Heartbeat settings) {
		this.timeout = settings.timeout().toNanos();
	}

	/**
	 * A worker has been heard.
	 * @param worker its id
	 * @param now the time
	 */
	void heard(int worker, long now) {
		this.lastHeard.put(worker, now);
	}

	/**
	 * A worker need not be heard any more.
	 * @param worker its id
	 */
	void forget(int worker) {
		this.lastHeard.remove(worker);
	}

	/**
	 * For how long a worker has been silent beyond what is allowed.
	 * @param worker its id
	 * @param now the time
	 * @return whether it is overdue; never for one that has not been heard yet
	 */
	boolean isOverdue(int worker, long now) {
		Long heard = this.lastHeard.get(worker);
		return heard != null && now - heard > this.timeout;
	}

	/**
	 * The silence that is allowed.
	 * @return the time-out
	 */
	Duration timeout() {
		return Duration.ofNanos(this.timeout);
	}

}
