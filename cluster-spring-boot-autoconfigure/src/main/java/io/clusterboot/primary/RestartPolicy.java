package io.clusterboot.primary;

import java.time.Duration;
import java.util.function.DoubleSupplier;

import io.clusterboot.ClusterProperties;

/**
 * How long to wait before a worker is replaced: not at all after a first failure, then
 * exponentially longer, up to a bound.
 */
final class RestartPolicy {

	private final ClusterProperties.Restart settings;

	private final DoubleSupplier random;

	/**
	 * Create a policy.
	 * @param settings the bounds
	 * @param random numbers from 0 to 1 for the jitter, which keeps workers that failed
	 * for one cause from starting in step
	 */
	RestartPolicy(ClusterProperties.Restart settings, DoubleSupplier random) {
		this.settings = settings;
		this.random = random;
	}

	/**
	 * The delay before the next start.
	 * @param failures number of failures in a row, including the latest
	 * @return the delay
	 */
	Duration delayAfter(int failures) {
		if (failures <= 1) {
			return Duration.ZERO;
		}
		double initial = this.settings.initialDelay().toMillis();
		double most = this.settings.maxDelay().toMillis();
		double delay = Math.min(most, initial * Math.pow(this.settings.multiplier(), failures - 2));
		double spread = delay * this.settings.jitter();
		return Duration.ofMillis(Math.round(Math.min(most, delay + spread * (2 * this.random.getAsDouble() - 1))));
	}

	/**
	 * Whether a worker that exits has run for long enough to forget the failures before
	 * it.
	 * @param readyFor time for which it had been ready
	 * @return whether it was stable
	 */
	boolean isStable(Duration readyFor) {
		return readyFor.compareTo(this.settings.stableAfter()) >= 0;
	}

}
