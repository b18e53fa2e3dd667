package io.clusterboot.worker;

/**
 * The application in this worker, as far as the agent needs it.
 */
public interface Application {

	/**
	 * Make the application's readiness say that it refuses traffic.
	 */
	void refuseTraffic();

}
