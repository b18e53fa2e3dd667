package io.clusterboot.worker;

import java.time.Duration;
import java.util.function.IntSupplier;

/**
 * Spreads the end of idle connections evenly over a time that begins with the end of the
 * grace period. Connections that become idle later are not spread: they are few, and each
 * has its own time.
 */
final class CloseWindow {

	private final Duration grace;

	private final Duration length;

	private int all = -1;

	private int closed;

	CloseWindow(Duration grace, Duration length) {
		this.grace = grace;
		this.length = length;
	}

	/**
	 * Whether idle connections are closed.
	 * @param elapsed time since the drain began
	 * @return whether the grace period is over
	 */
	boolean isOpen(Duration elapsed) {
		return elapsed.compareTo(this.grace) >= 0;
	}

	/**
	 * The number of connections whose turn has come.
	 * @param elapsed time since the drain began
	 * @param idle counts the idle connections, when the window opens
	 * @return the number that may be closed now
	 */
	int quota(Duration elapsed, IntSupplier idle) {
		if (this.all < 0) {
			this.all = idle.getAsInt();
		}
		Duration open = elapsed.minus(this.grace);
		if (open.compareTo(this.length) >= 0) {
			return Integer.MAX_VALUE;
		}
		double share = (double) open.toNanos() / this.length.toNanos();
		return Math.max(0, 1 + (int) (this.all * share) - this.closed);
	}

	void closed(int connections) {
		this.closed += connections;
	}

}
