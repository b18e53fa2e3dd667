package io.clusterboot.metrics;

import java.util.List;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;

/**
 * The types of families, in the order in which they are numbered on the wire.
 */
enum SnapshotType {

	COUNTER, GAUGE, UNKNOWN, INFO, STATE_SET, SUMMARY, HISTOGRAM, GAUGE_HISTOGRAM;

	static SnapshotType of(MetricSnapshot snapshot) {
		if (snapshot instanceof CounterSnapshot) {
			return COUNTER;
		}
		if (snapshot instanceof GaugeSnapshot) {
			return GAUGE;
		}
		if (snapshot instanceof InfoSnapshot) {
			return INFO;
		}
		if (snapshot instanceof StateSetSnapshot) {
			return STATE_SET;
		}
		if (snapshot instanceof SummarySnapshot) {
			return SUMMARY;
		}
		if (snapshot instanceof HistogramSnapshot histogram) {
			return histogram.isGaugeHistogram() ? GAUGE_HISTOGRAM : HISTOGRAM;
		}
		return UNKNOWN;
	}

	/**
	 * Make a family of this type.
	 * @param metadata its metadata
	 * @param series its series, which are of this type
	 * @return the family
	 */
	MetricSnapshot snapshot(MetricMetadata metadata, List<DataPointSnapshot> series) {
		return switch (this) {
			case COUNTER -> new CounterSnapshot(metadata, cast(series, CounterDataPointSnapshot.class));
			case GAUGE -> new GaugeSnapshot(metadata, cast(series, GaugeDataPointSnapshot.class));
			case UNKNOWN -> new UnknownSnapshot(metadata, cast(series, UnknownDataPointSnapshot.class));
			case INFO -> new InfoSnapshot(metadata, cast(series, InfoDataPointSnapshot.class));
			case STATE_SET -> new StateSetSnapshot(metadata, cast(series, StateSetDataPointSnapshot.class));
			case SUMMARY -> new SummarySnapshot(metadata, cast(series, SummaryDataPointSnapshot.class));
			case HISTOGRAM, GAUGE_HISTOGRAM -> new HistogramSnapshot(this == GAUGE_HISTOGRAM, metadata,
					cast(series, HistogramDataPointSnapshot.class));
		};
	}

	private static <T> List<T> cast(List<DataPointSnapshot> series, Class<T> type) {
		return series.stream().map(type::cast).toList();
	}

}
