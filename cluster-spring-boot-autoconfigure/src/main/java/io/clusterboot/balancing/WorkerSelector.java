package io.clusterboot.balancing;

import java.util.List;

/**
 * Selects the worker that gets a new connection. An own one is named by
 * {@code cluster.load-balancing}: the name of a class that has a constructor without
 * parameters, or a key in {@code META-INF/spring.factories} whose value is such a name.
 * It lives in the primary, where there is no application context, and outlives reloads.
 * <p>
 * It is called for each connection, never by two threads at the same time, and everybody
 * who connects waits for it. If it throws something, or returns what is no candidate,
 * that is logged once, and the connection goes to the next worker in turn.
 */
public interface WorkerSelector {

	/**
	 * Select a worker.
	 * @param candidates the workers that can take the connection now, at least one, by
	 * index
	 * @param connection what is known of the connection
	 * @return one of them
	 */
	WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection);

	/**
	 * Whether a connection waits for the worker that is selected, also while that worker
	 * has not acknowledged the one before. Otherwise such workers are no candidates. One
	 * that has not done so for a second is none in either case: it stands still. Asked
	 * once, when the cluster starts. What waits is selected for again and again.
	 * @return whether the selected worker, and no other, is to get the connection
	 */
	default boolean isSticky() {
		return false;
	}

}
