package io.clusterboot.primary;

import java.util.List;

/**
 * Decides which indexes get a worker now. The first worker of a cluster starts alone: it
 * binds the port, and if it fails there is no point in failing N times.
 */
final class StartPlan {

	private final int parallelism;

	StartPlan(int parallelism) {
		this.parallelism = parallelism;
	}

	/**
	 * What is known of an index.
	 *
	 * @param index the index
	 * @param missing whether it has no worker that will stay
	 * @param starting number of its workers that are not ready yet
	 * @param notBefore earliest time of its next start, on the supervisor's clock
	 */
	record Candidate(int index, boolean missing, int starting, long notBefore) {
	}

	/**
	 * The indexes to start a worker for.
	 * @param candidates all indexes, in order
	 * @param everReady whether a worker of this cluster has ever become ready
	 * @param now the time
	 * @return the indexes, in order
	 */
	List<Integer> next(List<Candidate> candidates, boolean everReady, long now) {
		int limit = everReady ? this.parallelism : 1;
		int starting = candidates.stream().mapToInt(Candidate::starting).sum();
		return candidates.stream()
			.filter((candidate) -> candidate.missing() && now - candidate.notBefore() >= 0)
			.limit(Math.max(0, limit - starting))
			.map(Candidate::index)
			.toList();
	}

}
