package io.clusterboot;

/**
 * How the processes of a cluster share a port.
 */
public enum PortSharing {

	/**
	 * By handles where they can be passed between processes, otherwise by
	 * {@code SO_REUSEPORT}.
	 */
	AUTO,

	/**
	 * One socket, whose descriptor is passed to each worker. Its queue belongs to all of
	 * them, and no worker's end loses a connection in it.
	 */
	HANDLES,

	/**
	 * A socket in each worker, of which the kernel picks one for each connection
	 * ({@code SO_REUSEPORT}). A worker's end resets what waits in its queue.
	 */
	REUSE_PORT

}
