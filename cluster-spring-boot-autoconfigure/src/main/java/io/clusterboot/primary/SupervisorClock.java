package io.clusterboot.primary;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Time as far as the supervisor was there to see it pass. A primary that was suspended or
 * starved finds every deadline over when it goes on; the time for which it did not look
 * is not held against anybody. Belongs to the supervisor's thread.
 */
final class SupervisorClock {

	private final LongSupplier nanoTime;

	private final long stall;

	private long lastLook;

	private long missed;

	/**
	 * Create a clock.
	 * @param nanoTime a monotonic clock, in nanoseconds
	 * @param stall time between two looks from which on it was missed
	 */
	SupervisorClock(LongSupplier nanoTime, Duration stall) {
		this.nanoTime = nanoTime;
		this.stall = stall.toNanos();
		this.lastLook = nanoTime.getAsLong();
	}

	/**
	 * Look at the time. Has to be called much more often than a stall takes, and before
	 * anything is measured that has happened since.
	 */
	void look() {
		long look = this.nanoTime.getAsLong();
		long passed = look - this.lastLook;
		if (passed > this.stall) {
			this.missed += passed;
		}
		this.lastLook = look;
	}

	/**
	 * The time, in nanoseconds from an arbitrary start.
	 * @return the time
	 */
	long now() {
		return this.nanoTime.getAsLong() - this.missed;
	}

}
