package io.clusterboot.metrics;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/**
 * The meters of the process that is asked for those of the cluster.
 */
public interface LocalSnapshots {

	/**
	 * The id of this process.
	 * @return the id, 0 for the primary
	 */
	int id();

	/**
	 * The index of this worker.
	 * @return the index, negative for the primary
	 */
	int index();

	/**
	 * The meters of this worker.
	 * @return its meters, none for the primary
	 */
	MetricSnapshots worker();

	/**
	 * The meters that are the cluster's.
	 * @return the meters, which are the same in every process
	 */
	MetricSnapshots cluster();

}
