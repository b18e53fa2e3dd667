package io.clusterboot.worker;

import java.time.Duration;

/**
 * Says how many of this worker's connections are to move to other workers: all of them
 * while it drains, some if it has more than others, else none.
 * <p>
 * Thread-safe.
 */
public final class ConnectionMoves {

	/** Time for which nothing is tried again that nobody wanted. */
	private static final Duration REST = Duration.ofMillis(500);

	/** Time in which a number is to be used up. The next one comes later. */
	private static final Duration VALID = Duration.ofSeconds(1);

	private volatile boolean all;

	private volatile int some;

	private long someUntil;

	private volatile long restUntil = System.nanoTime();

	/**
	 * All connections are to move, since this worker drains.
	 */
	void all() {
		this.restUntil = System.nanoTime();
		this.all = true;
	}

	/**
	 * Some connections are to move.
	 * @param connections number of connections
	 */
	synchronized void some(int connections) {
		this.some = connections;
		this.someUntil = System.nanoTime() + VALID.toNanos();
	}

	/**
	 * Whether each connection is to move as soon as it can, so that no client has to be
	 * told to close its own.
	 * @return whether it is
	 */
	public boolean areForAll() {
		return this.all && !isResting();
	}

	/**
	 * A connection can move.
	 * @return whether it is to
	 */
	public boolean begin() {
		return this.all ? !isResting() : this.some > 0 && beginOne();
	}

	private synchronized boolean beginOne() {
		if (this.some > 0 && System.nanoTime() - this.someUntil >= 0) {
			this.some = 0;
		}
		if (this.some == 0 || isResting()) {
			return false;
		}
		this.some--;
		return true;
	}

	/**
	 * No other worker has taken a connection: for a while none is to move.
	 */
	public void refused() {
		this.restUntil = System.nanoTime() + REST.toNanos();
	}

	private boolean isResting() {
		return System.nanoTime() - this.restUntil < 0;
	}

}
