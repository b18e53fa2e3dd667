package io.clusterboot.protocol;

/**
 * How busy a worker is.
 *
 * @param activeRequests requests that are being answered
 * @param totalRequests requests answered or being answered since it started
 * @param connections open connections of its servers
 * @param heapUsed used heap, in bytes
 * @param heapMax most heap that it may use, in bytes
 * @param cpu share of the machine's processors that its JVM uses, from 0 to 1; negative
 * if not known
 * @param threads live threads
 */
public record WorkerLoad(int activeRequests, long totalRequests, int connections, long heapUsed, long heapMax,
		double cpu, int threads) {

	/**
	 * The load of a worker that has not reported any.
	 */
	public static final WorkerLoad NONE = new WorkerLoad(0, 0, 0, 0, 0, -1, 0);

}
