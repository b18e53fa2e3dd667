package io.clusterboot.protocol;

/**
 * What those who choose a worker for a connection know of it.
 *
 * @param connections open connections of its servers
 * @param activeRequests requests that are being answered
 * @param reported what its application says of itself, 0 if it says nothing
 */
public record Busyness(int connections, int activeRequests, double reported) {

	/**
	 * A worker that has nothing to do.
	 */
	public static final Busyness NONE = new Busyness(0, 0, 0);

}
