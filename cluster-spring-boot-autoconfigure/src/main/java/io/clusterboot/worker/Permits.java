package io.clusterboot.worker;

import java.io.IOException;

import io.clusterboot.protocol.Verdict;

/**
 * Lets the leader of a cluster run what must not run twice.
 * <p>
 * Thread-safe.
 */
public interface Permits {

	/**
	 * Whether this worker is the leader.
	 * @return whether it is, which can change at any time
	 */
	boolean isLeader();

	/**
	 * Wait until this worker is the leader.
	 * @throws InterruptedException if the thread is interrupted
	 */
	void awaitLeader() throws InterruptedException;

	/**
	 * Ask for the permit to run something.
	 * @param name what
	 * @return the answer
	 * @throws IOException if the primary does not answer within
	 * {@code cluster.link.reply-timeout}
	 */
	Permit acquire(String name) throws IOException;

	/**
	 * The answer to a request for a permit. One that is granted is held until it is given
	 * back, in either way, or this process has exited.
	 */
	interface Permit {

		/**
		 * Whether there is a permit.
		 * @return the primary's word
		 */
		Verdict verdict();

		/**
		 * Give it back.
		 */
		void release();

		/**
		 * Give it back, and say that nobody in this cluster ever has to run this again.
		 */
		void complete();

	}

}
