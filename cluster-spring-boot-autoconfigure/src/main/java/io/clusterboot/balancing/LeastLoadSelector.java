package io.clusterboot.balancing;

import java.util.Comparator;
import java.util.List;

/**
 * What says the least of itself, of those the fewest requests in flight, and of those the
 * fewest connections.
 */
final class LeastLoadSelector implements WorkerSelector {

	private static final Comparator<WorkerCandidate> LEAST = Comparator.comparingDouble(WorkerCandidate::reportedLoad)
		.thenComparingInt(WorkerCandidate::activeRequests)
		.thenComparingInt(WorkerCandidate::connections);

	private final RoundRobinSelector among = new RoundRobinSelector();

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		WorkerCandidate least = candidates.stream().min(LEAST).orElseThrow();
		return this.among.select(
				candidates.stream().filter((candidate) -> LEAST.compare(candidate, least) == 0).toList(), connection);
	}

}
