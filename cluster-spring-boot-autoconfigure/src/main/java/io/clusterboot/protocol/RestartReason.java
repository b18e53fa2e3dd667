package io.clusterboot.protocol;

/**
 * Why a worker has been replaced by another one at its index.
 */
public enum RestartReason {

	/**
	 * Its process exited by itself.
	 */
	EXIT,

	/**
	 * A signal ended its process that the primary has not sent.
	 */
	SIGNAL,

	/**
	 * Its JVM ran out of memory.
	 */
	OUT_OF_MEMORY,

	/**
	 * It was killed, since it did not become ready, sent no heartbeats, or did not exit.
	 */
	UNRESPONSIVE,

	/**
	 * Its application was closed.
	 */
	CLOSED,

	/**
	 * A reload.
	 */
	RELOAD,

	/**
	 * Somebody asked for its restart.
	 */
	RESTART,

	/**
	 * It had reached a limit of {@code cluster.recycle}.
	 */
	RECYCLE,

	/**
	 * It asked to leave, after SIGTERM or with a request that was stuck.
	 */
	LEAVE

}
