package io.clusterboot.it.app;

import java.util.List;

import io.clusterboot.balancing.IncomingConnection;
import io.clusterboot.balancing.WorkerCandidate;
import io.clusterboot.balancing.WorkerSelector;

/**
 * Prefers the worker with the highest index, except that every tenth time it fails.
 */
public final class LastWorker implements WorkerSelector {

	private int count;

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		if (++this.count % 10 == 0) {
			throw new IllegalStateException("asked to fail");
		}
		return candidates.get(candidates.size() - 1);
	}

}
