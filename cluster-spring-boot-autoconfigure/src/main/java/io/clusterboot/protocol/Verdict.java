package io.clusterboot.protocol;

/**
 * What the primary says to a worker that wants to run something that must not run twice.
 */
public enum Verdict {

	/**
	 * The worker may run it, and nobody else may until it has said that it is over, or
	 * has exited.
	 */
	GRANTED,

	/**
	 * The worker is not the leader, or a worker that lives runs it.
	 */
	REFUSED,

	/**
	 * It has been done, once and for all.
	 */
	DONE

}
