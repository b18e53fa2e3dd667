package io.clusterboot.protocol;

import java.time.Duration;

/**
 * How busy a worker is.
 *
 * @param activeRequests requests that are being answered
 * @param totalRequests requests answered or being answered since it started
 * @param oldestRequest for how long the oldest of the active requests has been there
 * @param connections open connections of its servers
 * @param heapUsed used heap, in bytes
 * @param heapAfterGc what was left of the heap by its last garbage collections, in bytes;
 * 0 if there has been none
 * @param heapMax most heap that it may use, in bytes
 * @param rss memory that the operating system has given to the process, in bytes; 0 if
 * not known
 * @param cpu share of the machine's processors that its JVM uses, from 0 to 1; negative
 * if not known
 * @param threads live threads
 * @param reported what the application says of itself, 0 if it says nothing
 */
public record WorkerLoad(int activeRequests, long totalRequests, Duration oldestRequest, int connections, long heapUsed,
		long heapAfterGc, long heapMax, long rss, double cpu, int threads, double reported) {

	/**
	 * The load of a worker that has not reported any.
	 */
	public static final WorkerLoad NONE = new WorkerLoad(0, 0, Duration.ZERO, 0, 0, 0, 0, 0, -1, 0, 0);

	/**
	 * This load, with something that is known better.
	 * @param busyness what is known better
	 * @return the load
	 */
	public WorkerLoad with(Busyness busyness) {
		return new WorkerLoad(busyness.activeRequests(), this.totalRequests, this.oldestRequest, busyness.connections(),
				this.heapUsed, this.heapAfterGc, this.heapMax, this.rss, this.cpu, this.threads, busyness.reported());
	}

}
