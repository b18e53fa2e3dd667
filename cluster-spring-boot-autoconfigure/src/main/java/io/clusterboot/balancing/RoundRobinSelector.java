package io.clusterboot.balancing;

import java.util.List;

/**
 * One after the other: the next index after the last one.
 */
final class RoundRobinSelector implements WorkerSelector {

	private int last = -1;

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		WorkerCandidate next = candidates.stream()
			.filter((candidate) -> candidate.index() > this.last)
			.findFirst()
			.orElse(candidates.get(0));
		this.last = next.index();
		return next;
	}

}
