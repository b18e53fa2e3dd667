package io.clusterboot.metrics;

import java.util.Set;
import java.util.function.Predicate;

import io.clusterboot.protocol.WorkerIdentity;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/**
 * The meters of a worker, as Prometheus' client has them. Those that are the cluster's
 * are told apart by the names that Micrometer's own naming convention gives them.
 */
public final class WorkerSnapshots implements LocalSnapshots {

	private static final Set<String> CLUSTER = ClusterMeter.familyNames();

	private final WorkerIdentity identity;

	private final PrometheusRegistry registry;

	/**
	 * Create snapshots.
	 * @param identity who this worker is
	 * @param registry all of its meters
	 */
	public WorkerSnapshots(WorkerIdentity identity, PrometheusRegistry registry) {
		this.identity = identity;
		this.registry = registry;
	}

	@Override
	public int id() {
		return this.identity.id();
	}

	@Override
	public int index() {
		return this.identity.index();
	}

	@Override
	public MetricSnapshots worker() {
		return select((name) -> !CLUSTER.contains(name));
	}

	@Override
	public MetricSnapshots cluster() {
		return select(CLUSTER::contains);
	}

	/**
	 * Write the meters of this worker for another process that asks for them.
	 * @return bytes that {@link ClusterScrape} reads
	 */
	public byte[] write() {
		return SnapshotWriter.write(worker());
	}

	private MetricSnapshots select(Predicate<String> name) {
		return new MetricSnapshots(this.registry.scrape()
			.stream()
			.filter((snapshot) -> name.test(snapshot.getMetadata().getPrometheusName()))
			.toArray(MetricSnapshot[]::new));
	}

}
