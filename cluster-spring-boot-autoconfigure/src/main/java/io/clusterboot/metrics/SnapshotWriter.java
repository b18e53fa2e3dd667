package io.clusterboot.metrics;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Label;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.State;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * Writes snapshots for {@link SnapshotReader}, with all that the model knows. None of
 * Prometheus' own formats can be read back with its Java client, and none of them keeps
 * all of it. Names repeat in every series, so that compression takes nine tenths away.
 */
final class SnapshotWriter {

	/** What is written. Workers of another build may write something else. */
	static final int VERSION = 1;

	private final DataOutputStream out;

	private SnapshotWriter(DataOutputStream out) {
		this.out = out;
	}

	/**
	 * Write snapshots.
	 * @param snapshots the snapshots
	 * @return the bytes
	 */
	static byte[] write(MetricSnapshots snapshots) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.write(VERSION);
		Deflater deflater = new Deflater(Deflater.BEST_SPEED);
		try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(bytes, deflater, 8192))) {
			SnapshotWriter writer = new SnapshotWriter(out);
			out.writeInt(snapshots.size());
			for (MetricSnapshot snapshot : snapshots) {
				writer.write(snapshot);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			deflater.end();
		}
		return bytes.toByteArray();
	}

	private void write(MetricSnapshot snapshot) throws IOException {
		SnapshotType type = SnapshotType.of(snapshot);
		this.out.writeByte(type.ordinal());
		write(snapshot.getMetadata());
		List<? extends DataPointSnapshot> series = snapshot.getDataPoints();
		this.out.writeInt(series.size());
		for (DataPointSnapshot point : series) {
			write(point.getLabels());
			this.out.writeLong(point.getCreatedTimestampMillis());
			this.out.writeLong(point.getScrapeTimestampMillis());
			write(type, point);
		}
	}

	private void write(MetricMetadata metadata) throws IOException {
		write(metadata.getName());
		write(metadata.getExpositionBaseName());
		write(metadata.getOriginalName());
		writeOptional(metadata.getHelp());
		writeOptional((metadata.getUnit() != null) ? metadata.getUnit().toString() : null);
	}

	private void write(SnapshotType type, DataPointSnapshot point) throws IOException {
		switch (type) {
			case COUNTER -> {
				CounterDataPointSnapshot counter = (CounterDataPointSnapshot) point;
				writeValue(counter.getValue(), counter.getExemplar());
			}
			case GAUGE -> {
				GaugeDataPointSnapshot gauge = (GaugeDataPointSnapshot) point;
				writeValue(gauge.getValue(), gauge.getExemplar());
			}
			case UNKNOWN -> {
				UnknownDataPointSnapshot unknown = (UnknownDataPointSnapshot) point;
				writeValue(unknown.getValue(), unknown.getExemplar());
			}
			case INFO -> {
			}
			case STATE_SET -> write((StateSetDataPointSnapshot) point);
			case SUMMARY -> write((SummaryDataPointSnapshot) point);
			case HISTOGRAM, GAUGE_HISTOGRAM -> write((HistogramDataPointSnapshot) point);
		}
	}

	private void writeValue(double value, @Nullable Exemplar exemplar) throws IOException {
		this.out.writeDouble(value);
		write((exemplar != null) ? Exemplars.of(exemplar) : Exemplars.EMPTY);
	}

	private void write(StateSetDataPointSnapshot states) throws IOException {
		this.out.writeInt(states.size());
		for (State state : states) {
			write(state.getName());
			this.out.writeBoolean(state.isTrue());
		}
	}

	private void write(SummaryDataPointSnapshot summary) throws IOException {
		this.out.writeLong(summary.hasCount() ? summary.getCount() : SnapshotReader.NO_COUNT);
		this.out.writeDouble(summary.getSum());
		this.out.writeInt(summary.getQuantiles().size());
		for (Quantile quantile : summary.getQuantiles()) {
			this.out.writeDouble(quantile.getQuantile());
			this.out.writeDouble(quantile.getValue());
		}
		write(summary.getExemplars());
	}

	private void write(HistogramDataPointSnapshot histogram) throws IOException {
		ClassicHistogramBuckets classic = histogram.getClassicBuckets();
		this.out.writeInt(classic.size());
		for (int i = 0; i < classic.size(); i++) {
			this.out.writeDouble(classic.getUpperBound(i));
			this.out.writeLong(classic.getCount(i));
		}
		this.out.writeInt(histogram.getNativeSchema());
		if (histogram.getNativeSchema() != HistogramSnapshot.CLASSIC_HISTOGRAM) {
			this.out.writeLong(histogram.getNativeZeroCount());
			this.out.writeDouble(histogram.getNativeZeroThreshold());
			write(histogram.getNativeBucketsForPositiveValues());
			write(histogram.getNativeBucketsForNegativeValues());
		}
		this.out.writeDouble(histogram.getSum());
		write(histogram.getExemplars());
	}

	private void write(NativeHistogramBuckets buckets) throws IOException {
		this.out.writeInt(buckets.size());
		for (int i = 0; i < buckets.size(); i++) {
			this.out.writeInt(buckets.getBucketIndex(i));
			this.out.writeLong(buckets.getCount(i));
		}
	}

	private void write(Exemplars exemplars) throws IOException {
		this.out.writeInt(exemplars.size());
		for (Exemplar exemplar : exemplars) {
			this.out.writeDouble(exemplar.getValue());
			this.out.writeLong(exemplar.getTimestampMillis());
			write(exemplar.getLabels());
		}
	}

	private void write(Labels labels) throws IOException {
		this.out.writeInt(labels.size());
		for (Label label : labels) {
			write(label.getName());
			write(label.getValue());
		}
	}

	private void writeOptional(@Nullable String text) throws IOException {
		this.out.writeBoolean(text != null);
		if (text != null) {
			write(text);
		}
	}

	/**
	 * Longer than what {@link DataOutputStream#writeUTF} can write.
	 */
	private void write(String text) throws IOException {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		this.out.writeInt(bytes.length);
		this.out.write(bytes);
	}

}
