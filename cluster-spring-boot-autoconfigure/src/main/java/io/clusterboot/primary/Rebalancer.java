package io.clusterboot.primary;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties;

/**
 * How many kept-alive connections which worker is to hand over, so that all have about
 * the same number. After a reload the workers that were replaced first have most of them,
 * and after a scale-up the new ones have none.
 */
final class Rebalancer {

	/** Spread that is even enough: clients come and go all the time. */
	private static final double TOLERANCE = 0.1;

	private static final int LEAST_DIFFERENCE = 2;

	private final ClusterProperties.Rebalance settings;

	Rebalancer(ClusterProperties.Rebalance settings) {
		this.settings = settings;
	}

	/**
	 * What each worker is to hand over in the next second.
	 * @param connections number of open connections by worker, of those workers that take
	 * connections over
	 * @return number of connections by worker, of those that are to hand some over
	 */
	Map<Integer, Integer> plan(Map<Integer, Integer> connections) {
		Map<Integer, Integer> plan = new LinkedHashMap<>();
		if (!this.settings.enabled() || isEven(connections)) {
			return plan;
		}
		int mean = (int) Math.ceil(mean(connections));
		int left = this.settings.rate();
		List<Map.Entry<Integer, Integer>> fullestFirst = connections.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
			.toList();
		for (Map.Entry<Integer, Integer> worker : fullestFirst) {
			int surplus = Math.min(worker.getValue() - mean, left);
			if (surplus > 0) {
				plan.put(worker.getKey(), surplus);
				left -= surplus;
			}
		}
		return plan;
	}

	private static boolean isEven(Map<Integer, Integer> connections) {
		int most = connections.values().stream().mapToInt(Integer::intValue).max().orElse(0);
		int fewest = connections.values().stream().mapToInt(Integer::intValue).min().orElse(0);
		return most - fewest <= Math.max(LEAST_DIFFERENCE, TOLERANCE * mean(connections));
	}

	private static double mean(Map<Integer, Integer> connections) {
		return connections.values().stream().mapToInt(Integer::intValue).average().orElse(0);
	}

}
