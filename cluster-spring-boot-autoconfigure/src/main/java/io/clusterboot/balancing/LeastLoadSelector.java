package io.clusterboot.balancing;

import java.util.Comparator;
import java.util.List;

/**
 * The fewest requests in flight, and of those the fewest connections.
 */
final class LeastLoadSelector implements WorkerSelector {

	private static final Comparator<WorkerCandidate> LEAST = Comparator.comparingInt(WorkerCandidate::activeRequests)
		.thenComparingInt(WorkerCandidate::connections);

	private final RoundRobinSelector among = new RoundRobinSelector();

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		WorkerCandidate least = candidates.stream().min(LEAST).orElseThrow();
		return this.among.select(
				candidates.stream().filter((candidate) -> LEAST.compare(candidate, least) == 0).toList(), connection);
	}

}
