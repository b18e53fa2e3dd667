package io.clusterboot.metrics;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.InflaterInputStream;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Unit;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link SnapshotWriter} has written.
 */
final class SnapshotReader {

	/** How a summary says that it does not count. */
	static final long NO_COUNT = -1;

	private final DataInputStream in;

	private SnapshotReader(DataInputStream in) {
		this.in = in;
	}

	/**
	 * Read snapshots.
	 * @param bytes what has been written
	 * @return the snapshots
	 * @throws IOException if they cannot be read
	 */
	static MetricSnapshots read(byte[] bytes) throws IOException {
		if (bytes.length == 0 || bytes[0] != SnapshotWriter.VERSION) {
			throw new IOException("The worker's build writes snapshots in another way");
		}
		try (DataInputStream in = new DataInputStream(
				new InflaterInputStream(new ByteArrayInputStream(bytes, 1, bytes.length - 1)))) {
			SnapshotReader reader = new SnapshotReader(in);
			return new MetricSnapshots(reader.list(reader::snapshot));
		}
		catch (IllegalArgumentException | IndexOutOfBoundsException ex) {
			throw new IOException("What the worker has sent are no snapshots", ex);
		}
	}

	private MetricSnapshot snapshot() throws IOException {
		SnapshotType type = SnapshotType.values()[this.in.readByte()];
		MetricMetadata metadata = new MetricMetadata(text(), text(), text(), optionalText(), unit());
		return type.snapshot(metadata, list(() -> point(type)));
	}

	private @Nullable Unit unit() throws IOException {
		String name = optionalText();
		return (name != null) ? new Unit(name) : null;
	}

	private DataPointSnapshot point(SnapshotType type) throws IOException {
		Labels labels = labels();
		long created = this.in.readLong();
		long scraped = this.in.readLong();
		return switch (type) {
			case COUNTER -> new CounterDataPointSnapshot(this.in.readDouble(), labels, exemplar(), created, scraped);
			case GAUGE -> new GaugeDataPointSnapshot(this.in.readDouble(), labels, exemplar(), scraped);
			case UNKNOWN -> new UnknownDataPointSnapshot(this.in.readDouble(), labels, exemplar(), scraped);
			case INFO -> new InfoDataPointSnapshot(labels, scraped);
			case STATE_SET -> states(labels, scraped);
			case SUMMARY -> new SummaryDataPointSnapshot(this.in.readLong(), this.in.readDouble(),
					Quantiles.of(list(() -> new Quantile(this.in.readDouble(), this.in.readDouble()))), labels,
					exemplars(), created, scraped);
			case HISTOGRAM, GAUGE_HISTOGRAM -> histogram(labels, created, scraped);
		};
	}

	private @Nullable Exemplar exemplar() throws IOException {
		return exemplars().getLatest();
	}

	private StateSetDataPointSnapshot states(Labels labels, long scraped) throws IOException {
		StateSetDataPointSnapshot.Builder states = StateSetDataPointSnapshot.builder()
			.labels(labels)
			.scrapeTimestampMillis(scraped);
		for (int left = this.in.readInt(); left > 0; left--) {
			states.state(text(), this.in.readBoolean());
		}
		return states.build();
	}

	private HistogramDataPointSnapshot histogram(Labels labels, long created, long scraped) throws IOException {
		ClassicHistogramBuckets classic = classicBuckets();
		int schema = this.in.readInt();
		long zeroCount = 0;
		double zeroThreshold = 0;
		NativeHistogramBuckets positive = NativeHistogramBuckets.EMPTY;
		NativeHistogramBuckets negative = NativeHistogramBuckets.EMPTY;
		if (schema != HistogramSnapshot.CLASSIC_HISTOGRAM) {
			zeroCount = this.in.readLong();
			zeroThreshold = this.in.readDouble();
			positive = nativeBuckets();
			negative = nativeBuckets();
		}
		return new HistogramDataPointSnapshot(classic, schema, zeroCount, zeroThreshold, positive, negative,
				this.in.readDouble(), labels, exemplars(), created, scraped);
	}

	private ClassicHistogramBuckets classicBuckets() throws IOException {
		int size = this.in.readInt();
		if (size == 0) {
			return ClassicHistogramBuckets.EMPTY;
		}
		ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
		for (int left = size; left > 0; left--) {
			buckets.bucket(this.in.readDouble(), this.in.readLong());
		}
		return buckets.build();
	}

	private NativeHistogramBuckets nativeBuckets() throws IOException {
		NativeHistogramBuckets.Builder buckets = NativeHistogramBuckets.builder();
		for (int left = this.in.readInt(); left > 0; left--) {
			buckets.bucket(this.in.readInt(), this.in.readLong());
		}
		return buckets.build();
	}

	private Exemplars exemplars() throws IOException {
		return Exemplars.of(list(() -> {
			double value = this.in.readDouble();
			long timestamp = this.in.readLong();
			return new Exemplar(value, labels(), timestamp);
		}));
	}

	private Labels labels() throws IOException {
		List<String> names = new ArrayList<>();
		List<String> values = new ArrayList<>();
		for (int left = this.in.readInt(); left > 0; left--) {
			names.add(text());
			values.add(text());
		}
		return Labels.of(names, values);
	}

	private @Nullable String optionalText() throws IOException {
		return this.in.readBoolean() ? text() : null;
	}

	private String text() throws IOException {
		int length = this.in.readInt();
		byte[] bytes = this.in.readNBytes(length);
		if (bytes.length < length) {
			throw new EOFException();
		}
		return new String(bytes, StandardCharsets.UTF_8);
	}

	private <T> List<T> list(Element<T> element) throws IOException {
		List<T> list = new ArrayList<>();
		for (int left = this.in.readInt(); left > 0; left--) {
			list.add(element.read());
		}
		return list;
	}

	/**
	 * Reads one element of a list.
	 *
	 * @param <T> type of the element
	 */
	@FunctionalInterface
	private interface Element<T> {

		T read() throws IOException;

	}

}
