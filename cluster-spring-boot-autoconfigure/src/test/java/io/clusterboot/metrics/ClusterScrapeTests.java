package io.clusterboot.metrics;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.ClusterStatistics.Queues;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerState;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ClusterScrape}, asked of the worker with the id 1 at index 0.
 */
class ClusterScrapeTests {

	private final Map<Integer, WorkerSnapshots> workers = new ConcurrentHashMap<>();

	private final List<Integer> silent = new ArrayList<>();

	private final List<Integer> leaving = new ArrayList<>();

	private final List<Integer> omitted = new ArrayList<>();

	private final List<MemberDescription> members = new ArrayList<>();

	/** Far away, unless a worker is silent. */
	private Duration timeout = Duration.ofMinutes(10);

	private ClusterScrape scrape(LocalSnapshots local) {
		return new ClusterScrape(local, () -> this.members, this::request, this.timeout, this.omitted::add);
	}

	private ClusterScrape scrape() {
		return scrape(this.workers.get(1));
	}

	private CompletableFuture<byte[]> request(int id, Duration timeout) {
		if (this.leaving.contains(id)) {
			return CompletableFuture.failedFuture(new IllegalStateException("leaves"));
		}
		return this.silent.contains(id) ? new CompletableFuture<>()
				: CompletableFuture.completedFuture(this.workers.get(id).write());
	}

	private void silent(int id) {
		this.silent.add(id);
		this.timeout = Duration.ofMillis(100);
	}

	private void worker(int id, int index, WorkerState state) {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		registry.gauge("id", id);
		ClusterMetrics metrics = new ClusterMetrics();
		metrics.bindTo(registry);
		metrics.update(new ClusterStatistics(2, 2, id, Map.of(), Map.of(), Map.of(), new HandOverDescription(0, 0),
				Queues.EMPTY));
		this.workers.put(id,
				new WorkerSnapshots(new WorkerIdentity(id, index, id, 0, Path.of("unused"), PortSharing.HANDLES),
						registry.getPrometheusRegistry()));
		this.members.add(new MemberDescription(id, index, 4711 + id, state));
	}

	private static Map<String, Double> ids(MetricSnapshots snapshots) {
		Map<String, Double> ids = new ConcurrentHashMap<>();
		gauge(snapshots, "id").forEach((labels, value) -> ids.put(labels.get("worker"), value));
		return ids;
	}

	private static Map<Labels, Double> gauge(MetricSnapshots snapshots, String name) {
		GaugeSnapshot family = (GaugeSnapshot) family(snapshots, name);
		return family.getDataPoints()
			.stream()
			.collect(Collectors.toMap(GaugeDataPointSnapshot::getLabels, GaugeDataPointSnapshot::getValue));
	}

	private static MetricSnapshot family(MetricSnapshots snapshots, String name) {
		return snapshots.stream()
			.filter((family) -> name.equals(family.getMetadata().getPrometheusName()))
			.findFirst()
			.orElseThrow();
	}

	@Test
	void oneOfEachIndexSpeaksUntilItLeaves() {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		worker(3, 0, WorkerState.READY);
		assertThat(ids(scrape().ofCluster())).isEqualTo(Map.of("0", 1.0, "1", 2.0));
		this.members.set(0, new MemberDescription(1, 0, 4712, WorkerState.DRAINING));
		assertThat(ids(scrape().ofCluster())).isEqualTo(Map.of("0", 3.0, "1", 2.0));
		assertThat(this.omitted).isEmpty();
	}

	@Test
	void whoStartsIsNotAskedUnlessItIsAskedItself() {
		worker(1, 0, WorkerState.STARTING);
		worker(2, 1, WorkerState.STARTING);
		assertThat(ids(scrape().ofCluster())).isEqualTo(Map.of("0", 1.0));
		assertThat(this.omitted).isEmpty();
	}

	@Test
	void theClustersMetersAreThereOnce() {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		MetricSnapshots snapshots = scrape().ofCluster();
		assertThat(family(snapshots, "cluster_worker_exits").getDataPoints()).singleElement()
			.satisfies((point) -> assertThat(point.getLabels().isEmpty()).isTrue());
	}

	@Test
	void whoIsLateIsLeftOutAndCounted() {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		worker(3, 2, WorkerState.REFUSING);
		silent(2);
		assertThat(ids(scrape().ofCluster())).isEqualTo(Map.of("0", 1.0, "2", 3.0));
		assertThat(this.omitted).containsExactly(1);
	}

	@Test
	void whoAnswersInTimeIsWaitedFor() throws Exception {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		CompletableFuture<byte[]> answer = new CompletableFuture<>();
		ClusterScrape scrape = new ClusterScrape(this.workers.get(1), () -> this.members, (id, timeout) -> answer,
				this.timeout, this.omitted::add);
		FutureTask<MetricSnapshots> scraping = new FutureTask<>(scrape::ofCluster);
		Thread thread = new Thread(scraping);
		thread.start();
		await().atMost(this.timeout).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
		answer.complete(this.workers.get(2).write());
		assertThat(ids(scraping.get())).isEqualTo(Map.of("0", 1.0, "1", 2.0));
		assertThat(this.omitted).isEmpty();
	}

	@Test
	void whoLeavesInThisMomentIsSpokenForByItsSuccessor() throws Exception {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		worker(3, 2, WorkerState.READY);
		worker(4, 1, WorkerState.READY);
		this.leaving.addAll(List.of(2, 3));
		assertThat(ids(scrape().ofCluster())).isEqualTo(Map.of("0", 1.0, "1", 4.0));
		assertThat(ids(scrape().ofWorker(1))).isEqualTo(Map.of("1", 4.0));
		assertThat(ids(scrape(this.workers.get(4)).ofCluster())).isEqualTo(Map.of("0", 1.0, "1", 4.0));
		assertThat(this.omitted).containsExactly(2, 2);
	}

	@Test
	void oneWorkerIsSelectedByItsIndex() throws Exception {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		MetricSnapshots selected = scrape().ofWorker(1);
		assertThat((Object) selected).isNotNull();
		assertThat(ids(selected)).isEqualTo(Map.of("1", 2.0));
		assertThat(selected.stream()).hasSize(1);
		assertThat((Object) scrape().ofWorker(2)).isNull();
	}

	@Test
	void theOneThatIsSelectedHasToAnswer() {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		worker(3, 2, WorkerState.READY);
		silent(2);
		this.leaving.add(3);
		assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> scrape().ofWorker(1))
			.withMessage("There are no meters of the worker at index 1: it has not answered within 100 ms");
		assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> scrape().ofWorker(2))
			.withMessageContaining("the worker at index 2")
			.withMessageContaining("leaves");
		assertThat(this.omitted).containsExactly(1, 2);
	}

	@Test
	void thePrimaryAddsItsOwnMetersAndWhatItHasLeftOut() {
		worker(1, 0, WorkerState.READY);
		worker(2, 1, WorkerState.READY);
		silent(2);
		PrimarySnapshots primary = new PrimarySnapshots(() -> new ClusterStatistics(2, 1, 9, Map.of(), Map.of(),
				Map.of(0, 5L), new HandOverDescription(0, 0), new Queues(3, Map.of(1, 7))));
		ClusterScrape scrape = new ClusterScrape(primary, () -> this.members, this::request, this.timeout, primary);
		assertThat(ids(scrape.ofCluster())).isEqualTo(Map.of("0", 1.0));
		MetricSnapshots snapshots = scrape.ofCluster();
		assertThat(snapshots.stream().map((family) -> family.getMetadata().getPrometheusName())).contains(
				"cluster_connections_dispatched_connections", "cluster_worker_exits",
				"cluster_scrape_omissions_workers");
		assertThat(gauge(snapshots, "cluster_connections_waiting_connections")).isEqualTo(Map.of(Labels.EMPTY, 3.0));
		assertThat(gauge(snapshots, "cluster_primary_backlog_messages"))
			.isEqualTo(Map.of(Labels.of("worker", "1"), 7.0));
	}

}
