package io.clusterboot.protocol;

/**
 * Where a worker is in its life.
 */
public enum WorkerState {

	/**
	 * Its process exists, but it does not accept connections yet.
	 */
	STARTING,

	/**
	 * It accepts connections.
	 */
	READY,

	/**
	 * The application refuses traffic for the time being: no new connections are
	 * accepted, those that exist are served.
	 */
	REFUSING,

	/**
	 * It leaves: it accepts nothing more and finishes what it has.
	 */
	DRAINING,

	/**
	 * Its process has exited.
	 */
	STOPPED

}
