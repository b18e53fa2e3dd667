package io.clusterboot.worker;

/**
 * Whether this worker is the leader. It renounces with every change of its state, before
 * the primary hears of the change, and believes an appointment only if the primary knew
 * of all changes that there have been: so there are never two leaders.
 * <p>
 * Thread-safe.
 */
final class LeaderRole {

	/** No appointment has this number. */
	private static final long NEVER = Long.MIN_VALUE;

	private long stateChanges;

	private boolean leader;

	/**
	 * The state of this worker changes. To be called before the primary is told.
	 */
	synchronized void stateChanging() {
		this.leader = false;
		if (this.stateChanges != NEVER) {
			this.stateChanges++;
		}
	}

	/**
	 * The primary makes this worker the leader.
	 * @param stateChanges number of state changes that it knew of
	 */
	synchronized void appointed(long stateChanges) {
		if (stateChanges == this.stateChanges) {
			this.leader = true;
			notifyAll();
		}
	}

	/**
	 * The primary does not hear any more what this worker says.
	 */
	synchronized void primaryLost() {
		this.leader = false;
		this.stateChanges = NEVER;
	}

	synchronized boolean isHeld() {
		return this.leader;
	}

	synchronized void await() throws InterruptedException {
		while (!this.leader) {
			wait();
		}
	}

}
