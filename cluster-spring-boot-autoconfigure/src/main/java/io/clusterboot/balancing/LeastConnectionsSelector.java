package io.clusterboot.balancing;

import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The fewest open connections. Of many workers two are picked at random and the better
 * one taken: that spreads nearly as well, and does not send everybody to the one that has
 * just started.
 */
final class LeastConnectionsSelector implements WorkerSelector {

	private static final int MANY = 8;

	private static final Comparator<WorkerCandidate> FEWEST = Comparator.comparingInt(WorkerCandidate::connections);

	private final RandomGenerator random;

	private final RoundRobinSelector among = new RoundRobinSelector();

	LeastConnectionsSelector(RandomGenerator random) {
		this.random = random;
	}

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		if (candidates.size() > MANY) {
			int first = this.random.nextInt(candidates.size());
			int second = (first + 1 + this.random.nextInt(candidates.size() - 1)) % candidates.size();
			return Stream.of(candidates.get(first), candidates.get(second)).min(FEWEST).orElseThrow();
		}
		int fewest = candidates.stream().min(FEWEST).orElseThrow().connections();
		return this.among.select(candidates.stream().filter((candidate) -> candidate.connections() == fewest).toList(),
				connection);
	}

}
