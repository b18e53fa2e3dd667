package io.clusterboot.protocol;

/**
 * Why the primary does not carry out a command.
 */
public enum Refusal {

	/**
	 * A number is out of its range.
	 */
	OUT_OF_RANGE,

	/**
	 * There is no such worker.
	 */
	UNKNOWN_WORKER,

	/**
	 * The command does not go with what the cluster is doing.
	 */
	CONFLICT,

	/**
	 * The cluster stops, or has not started yet.
	 */
	UNAVAILABLE

}
