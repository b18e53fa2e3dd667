package io.clusterboot.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import io.clusterboot.protocol.ClusterStatistics;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;

/**
 * The meters of the primary, which has no registry of Micrometer's.
 * <p>
 * Thread-safe.
 */
public final class PrimarySnapshots implements LocalSnapshots, IntConsumer {

	private static final String OMISSIONS = OmissionCounter.NAME.replace('.', '_') + "_" + OmissionCounter.UNIT;

	private final Supplier<ClusterStatistics> statistics;

	private final Map<Integer, Long> omissions = new ConcurrentSkipListMap<>();

	/**
	 * Create snapshots.
	 * @param statistics what the primary has counted
	 */
	public PrimarySnapshots(Supplier<ClusterStatistics> statistics) {
		this.statistics = statistics;
	}

	@Override
	public int id() {
		return 0;
	}

	@Override
	public int index() {
		return -1;
	}

	@Override
	public MetricSnapshots worker() {
		return MetricSnapshots.of();
	}

	/**
	 * A worker is left out of a scrape.
	 * @param index its index
	 */
	@Override
	public void accept(int index) {
		this.omissions.merge(index, 1L, Long::sum);
	}

	@Override
	public MetricSnapshots cluster() {
		ClusterStatistics now = this.statistics.get();
		List<MetricSnapshot> families = new ArrayList<>();
		for (ClusterMeter meter : ClusterMeter.values()) {
			List<DataPointSnapshot> series = meter.tagValues(now)
				.stream()
				.map((tagValue) -> series(meter, now, tagValue))
				.toList();
			if (!series.isEmpty()) {
				families.add(type(meter).snapshot(new MetricMetadata(meter.familyName(), meter.description()), series));
			}
		}
		families.add(omissions(now.configuredWorkers()));
		return new MetricSnapshots(families);
	}

	private static SnapshotType type(ClusterMeter meter) {
		return switch (meter.kind()) {
			case GAUGE -> SnapshotType.GAUGE;
			case COUNTER -> SnapshotType.COUNTER;
			case TIMER -> SnapshotType.SUMMARY;
		};
	}

	private static DataPointSnapshot series(ClusterMeter meter, ClusterStatistics now, String tagValue) {
		String tag = meter.tag();
		Labels labels = (tag != null) ? Labels.of(tag, tagValue) : Labels.EMPTY;
		double value = meter.value(now, tagValue);
		return switch (meter.kind()) {
			case GAUGE -> new GaugeDataPointSnapshot(value, labels, null);
			case COUNTER -> new CounterDataPointSnapshot(value, labels, null, 0);
			case TIMER -> new SummaryDataPointSnapshot(ClusterMeter.count(now, tagValue), value, Quantiles.EMPTY,
					labels, Exemplars.EMPTY, 0);
		};
	}

	/**
	 * Those of workers that have not been left out yet are there too: an increase needs a
	 * value before.
	 */
	private CounterSnapshot omissions(int workers) {
		IntStream.range(0, workers).forEach((index) -> this.omissions.putIfAbsent(index, 0L));
		List<CounterDataPointSnapshot> series = new ArrayList<>();
		this.omissions.forEach((index, count) -> series
			.add(new CounterDataPointSnapshot(count, Labels.of(OmissionCounter.TAG, index.toString()), null, 0)));
		return new CounterSnapshot(new MetricMetadata(OMISSIONS, OmissionCounter.DESCRIPTION), series);
	}

}
