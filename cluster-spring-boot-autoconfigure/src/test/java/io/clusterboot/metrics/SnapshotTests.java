package io.clusterboot.metrics;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.ClusterStatistics.Queues;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot;
import io.prometheus.metrics.model.snapshots.StateSetSnapshot.StateSetDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Unit;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SnapshotWriter}, {@link SnapshotReader} and {@link SnapshotMerge}.
 */
class SnapshotTests {

	private static final Exemplar EXEMPLAR = Exemplar.builder()
		.value(0.7)
		.traceId("0af7651916cd43dd8448eb211c80319c")
		.spanId("b7ad6b7169203331")
		.timestampMillis(1_700_000_000_000L)
		.build();

	private static final Labels LABELS = Labels.of("uri", "/ä \"b\"\n", "method", "GET");

	private static final List<MetricSnapshot> EVERYTHING = List.of(
			CounterSnapshot.builder()
				.name("requests_total")
				.help("Help with \\ and ü")
				.dataPoint(new CounterDataPointSnapshot(7.5, LABELS, EXEMPLAR, 1_600_000_000_000L))
				.dataPoint(new CounterDataPointSnapshot(Double.POSITIVE_INFINITY, Labels.EMPTY, null, 0))
				.build(),
			GaugeSnapshot.builder()
				.name("memory_bytes")
				.unit(Unit.BYTES)
				.dataPoint(new GaugeDataPointSnapshot(Double.NaN, LABELS, null, 1_650_000_000_000L))
				.build(),
			UnknownSnapshot.builder()
				.name("something")
				.dataPoint(new UnknownDataPointSnapshot(-1, LABELS, EXEMPLAR))
				.build(),
			InfoSnapshot.builder().name("build_info").dataPoint(new InfoDataPointSnapshot(LABELS)).build(),
			StateSetSnapshot.builder()
				.name("feature")
				.dataPoint(StateSetDataPointSnapshot.builder().state("on", true).state("off", false).build())
				.build(),
			SummarySnapshot.builder()
				.name("latency_seconds")
				.dataPoint(new SummaryDataPointSnapshot(3, 4.5,
						Quantiles.of(new Quantile(0.5, 1.5), new Quantile(0.99, 2)), LABELS, Exemplars.of(EXEMPLAR),
						1_600_000_000_000L))
				.dataPoint(new SummaryDataPointSnapshot(-1, Double.NaN, Quantiles.of(new Quantile(0.5, 1.5)),
						Labels.EMPTY, Exemplars.EMPTY, 0))
				.build(),
			HistogramSnapshot.builder()
				.name("size_bytes")
				.dataPoint(new HistogramDataPointSnapshot(
						ClassicHistogramBuckets.of(new double[] { 1, Double.POSITIVE_INFINITY }, new long[] { 2, 3 }),
						9.5, LABELS, Exemplars.of(EXEMPLAR), 1_600_000_000_000L))
				.build(),
			HistogramSnapshot.builder()
				.name("native")
				.dataPoint(new HistogramDataPointSnapshot(
						ClassicHistogramBuckets.of(new double[] { Double.POSITIVE_INFINITY }, new long[] { 8 }), 5, 1,
						1e-9, NativeHistogramBuckets.of(new int[] { -2, 7 }, new long[] { 3, 3 }),
						NativeHistogramBuckets.of(new int[] { 1 }, new long[] { 1 }), 12, LABELS,
						Exemplars.of(EXEMPLAR), 1_600_000_000_000L))
				.build(),
			HistogramSnapshot.builder()
				.name("queue")
				.gaugeHistogram(true)
				.dataPoint(new HistogramDataPointSnapshot(
						ClassicHistogramBuckets.of(new double[] { Double.POSITIVE_INFINITY }, new long[] { 8 }), 1,
						LABELS, Exemplars.EMPTY, 0))
				.build());

	private static String text(MetricSnapshots snapshots) throws IOException {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		ExpositionFormats formats = ExpositionFormats.init();
		formats.getOpenMetricsTextFormatWriter().write(out, snapshots);
		out.writeBytes(formats.getPrometheusProtobufWriter().toDebugString(snapshots).getBytes(StandardCharsets.UTF_8));
		return out.toString(StandardCharsets.UTF_8);
	}

	private static MetricSnapshots gauge(String name, Labels... series) {
		GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name);
		for (Labels labels : series) {
			gauge.dataPoint(new GaugeDataPointSnapshot(1, labels, null));
		}
		return MetricSnapshots.of(gauge.build());
	}

	@Test
	void whatIsWrittenIsReadAsItWas() throws IOException {
		MetricSnapshots written = new MetricSnapshots(EVERYTHING);
		MetricSnapshots read = SnapshotReader.read(SnapshotWriter.write(written));
		assertThat(text(read)).isEqualTo(text(written)).contains("# EOF", "0af7651916cd43dd8448eb211c80319c");
		assertThat(read.stream().map(SnapshotType::of)).containsExactlyInAnyOrder(SnapshotType.values()[0],
				SnapshotType.GAUGE, SnapshotType.UNKNOWN, SnapshotType.INFO, SnapshotType.STATE_SET,
				SnapshotType.SUMMARY, SnapshotType.HISTOGRAM, SnapshotType.HISTOGRAM, SnapshotType.GAUGE_HISTOGRAM);
	}

	@Test
	void whatAnotherBuildHasWrittenIsRefused() {
		byte[] written = SnapshotWriter.write(new MetricSnapshots(EVERYTHING));
		assertThatExceptionOfType(IOException.class)
			.isThrownBy(() -> SnapshotReader.read(Arrays.copyOf(written, written.length / 2)));
		written[0]++;
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> SnapshotReader.read(written))
			.withMessageContaining("in another way");
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> SnapshotReader.read(new byte[0]));
	}

	@Test
	void eachFamilyIsThereOnceWithEachWorkerAsALabel() throws IOException {
		SnapshotMerge merge = new SnapshotMerge();
		merge.add(gauge("of_cluster", Labels.EMPTY));
		merge.add(0, new MetricSnapshots(EVERYTHING));
		merge.add(1, new MetricSnapshots(EVERYTHING));
		MetricSnapshots merged = merge.result();
		assertThat(merged.stream().map((family) -> family.getMetadata().getPrometheusName()))
			.hasSize(EVERYTHING.size() + 1)
			.doesNotHaveDuplicates();
		assertThat(text(merged).lines()).contains("of_cluster 1.0")
			.filteredOn((line) -> line.startsWith("requests_total{worker="))
			.containsExactly("requests_total{worker=\"0\"} +Inf", "requests_total{worker=\"1\"} +Inf");
		assertThat(text(merged)).contains("worker=\"1\"} 7.5 # {span_id=");
	}

	@Test
	void aLabelThatHasTheNameAlreadyIsKeptUnderAnother() throws IOException {
		SnapshotMerge merge = new SnapshotMerge();
		merge.add(3,
				gauge("one", Labels.of("worker", "mine"), Labels.of("worker", "mine", "exported_worker", "another")));
		assertThat(text(merge.result())).contains("one{exported_worker=\"mine\",worker=\"3\"} 1.0",
				"one{exported_exported_worker=\"mine\",exported_worker=\"another\",worker=\"3\"} 1.0");
	}

	@Test
	void aFamilyThatIsSomethingElseInAnotherBuildIsLeftOut() throws IOException {
		SnapshotMerge merge = new SnapshotMerge();
		merge.add(0, gauge("one", Labels.EMPTY));
		merge.add(1,
				MetricSnapshots.of(CounterSnapshot.builder()
					.name("one")
					.dataPoint(new CounterDataPointSnapshot(7, Labels.EMPTY, null, 0))
					.build()));
		assertThat(text(merge.result())).contains("one{worker=\"0\"} 1.0").doesNotContain("worker=\"1\"");
	}

	@Test
	void theClustersFamiliesAreNamedAsMicrometerDoes() {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		ClusterMetrics metrics = new ClusterMetrics();
		metrics.bindTo(registry);
		metrics.update(new ClusterStatistics(3, 2, 5, Map.of(), Map.of(), Map.of(1, 8L), new HandOverDescription(0, 0),
				new Queues(0, Map.of(1, 2))));
		assertThat(registry.getPrometheusRegistry()
			.scrape()
			.stream()
			.map((family) -> family.getMetadata().getPrometheusName()))
			.containsExactlyInAnyOrderElementsOf(ClusterMeter.familyNames());
		assertThat(registry.scrape()).contains("cluster_workers_active_workers 2.0",
				"cluster_connections_dispatched_connections_total{worker=\"1\"} 8.0", "{reason=\"out-of-memory\"} 0.0",
				"cluster_reload_duration_seconds_count{outcome=\"failed\"} 0");
	}

}
