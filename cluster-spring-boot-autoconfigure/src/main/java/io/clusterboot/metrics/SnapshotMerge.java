package io.clusterboot.metrics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Puts the snapshots of several workers together: each family once, each series with the
 * index of its worker as a label.
 */
final class SnapshotMerge {

	private static final String WORKER = "worker";

	/** What Prometheus puts before the name of a label that it needs for itself. */
	private static final String EXPORTED = "exported_";

	private static final Log logger = LogFactory.getLog(SnapshotMerge.class);

	private final Map<String, Family> families = new TreeMap<>();

	/**
	 * Add the meters of a worker.
	 * @param index its index
	 * @param snapshots its meters
	 */
	void add(int index, MetricSnapshots snapshots) {
		snapshots.stream().forEach((snapshot) -> add(index, snapshot));
	}

	/**
	 * Add families that are no worker's.
	 * @param snapshots the families
	 */
	void add(MetricSnapshots snapshots) {
		snapshots.stream().forEach((snapshot) -> family(snapshot).add(snapshot.getDataPoints()));
	}

	/**
	 * Workers that run different builds may not agree on what a family is. What came
	 * first, from the lowest index, is kept.
	 */
	private void add(int index, MetricSnapshot snapshot) {
		Family family = family(snapshot);
		if (family.agreesWith(snapshot)) {
			family.add(snapshot.getDataPoints().stream().map((series) -> labelled(series, index)).toList());
		}
		else {
			logger.debug("%s of the worker at index %d is a %s and is left out, since it is a %s elsewhere".formatted(
					snapshot.getMetadata().getName(), index, SnapshotType.of(snapshot), SnapshotType.of(family.first)));
		}
	}

	private Family family(MetricSnapshot snapshot) {
		return this.families.computeIfAbsent(snapshot.getMetadata().getPrometheusName(),
				(name) -> new Family(snapshot));
	}

	MetricSnapshots result() {
		return new MetricSnapshots(this.families.values().stream().map(Family::snapshot).toList());
	}

	private static Labels labels(Labels labels, int index) {
		List<String> names = new ArrayList<>();
		List<String> values = new ArrayList<>();
		labels.stream().forEach((label) -> {
			names.add(WORKER.equals(label.getName()) ? exported(labels) : label.getName());
			values.add(label.getValue());
		});
		names.add(WORKER);
		values.add(Integer.toString(index));
		return Labels.of(names, values);
	}

	private static String exported(Labels labels) {
		String name = EXPORTED + WORKER;
		while (labels.contains(name)) {
			name = EXPORTED + name;
		}
		return name;
	}

	private static DataPointSnapshot labelled(DataPointSnapshot series, int index) {
		Labels labels = labels(series.getLabels(), index);
		long created = series.getCreatedTimestampMillis();
		long scraped = series.getScrapeTimestampMillis();
		if (series instanceof CounterDataPointSnapshot counter) {
			return new CounterDataPointSnapshot(counter.getValue(), labels, counter.getExemplar(), created, scraped);
		}
		if (series instanceof GaugeDataPointSnapshot gauge) {
			return new GaugeDataPointSnapshot(gauge.getValue(), labels, gauge.getExemplar(), scraped);
		}
		if (series instanceof UnknownDataPointSnapshot unknown) {
			return new UnknownDataPointSnapshot(unknown.getValue(), labels, unknown.getExemplar(), scraped);
		}
		if (series instanceof InfoDataPointSnapshot) {
			return new InfoDataPointSnapshot(labels, scraped);
		}
		if (series instanceof StateSetDataPointSnapshot states) {
			StateSetDataPointSnapshot.Builder builder = StateSetDataPointSnapshot.builder()
				.labels(labels)
				.scrapeTimestampMillis(scraped);
			states.stream().forEach((state) -> builder.state(state.getName(), state.isTrue()));
			return builder.build();
		}
		if (series instanceof SummaryDataPointSnapshot summary) {
			return new SummaryDataPointSnapshot(count(summary), summary.getSum(), summary.getQuantiles(), labels,
					summary.getExemplars(), created, scraped);
		}
		HistogramDataPointSnapshot histogram = (HistogramDataPointSnapshot) series;
		return new HistogramDataPointSnapshot(histogram.getClassicBuckets(), histogram.getNativeSchema(),
				histogram.getNativeZeroCount(), histogram.getNativeZeroThreshold(),
				histogram.getNativeBucketsForPositiveValues(), histogram.getNativeBucketsForNegativeValues(),
				histogram.getSum(), labels, histogram.getExemplars(), created, scraped);
	}

	private static long count(SummaryDataPointSnapshot summary) {
		return summary.hasCount() ? summary.getCount() : SnapshotReader.NO_COUNT;
	}

	/**
	 * A family, whose metadata are those of its first member.
	 */
	private static final class Family {

		private final MetricSnapshot first;

		private final List<DataPointSnapshot> series = new ArrayList<>();

		private final Set<Labels> labels = new HashSet<>();

		private Family(MetricSnapshot first) {
			this.first = first;
		}

		private boolean agreesWith(MetricSnapshot other) {
			return SnapshotType.of(this.first) == SnapshotType.of(other);
		}

		/**
		 * A series that is there already would make the whole scrape invalid.
		 */
		private void add(Collection<? extends DataPointSnapshot> more) {
			more.stream().filter((point) -> this.labels.add(point.getLabels())).forEach(this.series::add);
		}

		private MetricSnapshot snapshot() {
			return SnapshotType.of(this.first).snapshot(this.first.getMetadata(), this.series);
		}

	}

}
