package io.clusterboot.balancing;

import org.springframework.util.Assert;

/**
 * Lets the application say how loaded this worker is, where requests and connections do
 * not tell: the length of a queue of its own, open calls to others, the price of what it
 * works on. A bean in every worker; without a cluster nobody asks for what it is told.
 * <p>
 * {@code least-load} compares this number before anything else, and
 * {@code /actuator/cluster} shows it. The primary learns of a change within 50 ms.
 * Thread-safe.
 */
public final class ClusterLoad {

	private volatile double reported;

	/**
	 * Report a load.
	 * @param load the load, in whatever unit all workers use; 0, as long as nothing has
	 * been reported, is the least
	 * @throws IllegalArgumentException if the load is negative or no finite number
	 */
	public void report(double load) {
		Assert.isTrue(Double.isFinite(load) && load >= 0,
				() -> "A load must be a finite number and at least 0, but is " + load);
		this.reported = load;
	}

	/**
	 * What has been reported last.
	 * @return the load
	 */
	public double reported() {
		return this.reported;
	}

}
