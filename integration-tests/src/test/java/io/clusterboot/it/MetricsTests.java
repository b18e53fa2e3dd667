package io.clusterboot.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What is measured of a cluster, and who answers for it. All tests share one.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class MetricsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String SCRAPE = "/actuator/prometheus";

	private static final String OPEN_METRICS = "Accept: application/openmetrics-text; version=1.0.0";

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static int primaryPort;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.demo()
			.property("management.endpoints.web.exposure.include", "health,cluster,metrics,prometheus")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.load-balancing", "round-robin")
			.property("cluster.metrics.timeout", "1s")
			.property("cluster.primary.port", 0)
			.property("cluster.reload.probation", "500ms")
			.property("cluster.drain.idle-grace", "200ms")
			.property("logging.structured.format.console", "ecs")
			.start()
			.awaitReady();
		primaryPort = Integer.parseInt(cluster.awaitLine("The primary answers on port (\\d+)").group(1));
	}

	@AfterAll
	static void stop() {
		if (cluster != null) {
			cluster.close();
		}
	}

	private static HttpConnection.Reply get(int port, String path, String... headers) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, TIMEOUT)) {
			connection.send("GET", path, new byte[0], headers);
			return connection.read();
		}
	}

	private static String scrape(String parameters, String... headers) throws IOException {
		HttpConnection.Reply reply = get(cluster.port(), SCRAPE + parameters, headers);
		assertThat(reply.status()).as(reply.body()).isEqualTo(200);
		return reply.body();
	}

	private static double value(String scrape, String series) {
		return scrape.lines()
			.filter((line) -> line.startsWith(series + " "))
			.mapToDouble((line) -> Double.parseDouble(line.substring(series.length() + 1)))
			.findFirst()
			.orElse(Double.NaN);
	}

	private static void awaitScrape(String series, double expected) {
		await().atMost(TIMEOUT).until(() -> value(scrape(""), series) == expected);
	}

	@Test
	@Order(1)
	void oneScrapeOfAnyWorkerReturnsTheMetersOfAll() throws IOException {
		awaitScrape("cluster_workers_active_workers", 2);
		for (int i = 0; i < 2; i++) {
			String scrape = scrape("");
			assertThat(scrape.lines().filter((line) -> line.startsWith("# TYPE "))).doesNotHaveDuplicates();
			assertThat(scrape).contains("jvm_threads_live_threads{worker=\"0\"}",
					"jvm_threads_live_threads{worker=\"1\"}", "cluster_link_backlog_messages{worker=\"0\"}",
					"cluster_messaging_pending_bytes{worker=\"1\"}",
					"cluster_primary_backlog_messages{worker=\"0\"} 0.0", "cluster_connections_waiting_connections ");
			assertThat(scrape.lines().filter((line) -> line.startsWith("cluster_workers_")))
				.containsExactly("cluster_workers_active_workers 2.0", "cluster_workers_configured_workers 2.0");
			assertThat(value(scrape, "cluster_connections_dispatched_connections_total{worker=\"0\"}")).isPositive();
		}
	}

	@Test
	@Order(2)
	void oneWorkerCanBeSelected() throws IOException {
		assertThat(scrape("?worker=1")).contains("jvm_threads_live_threads{worker=\"1\"}")
			.doesNotContain("worker=\"0\"", "cluster_workers_");
		assertThat(scrape("?worker=1&includedNames=cluster_messaging_sent_messages_total").lines()
			.filter((line) -> !line.startsWith("#"))).singleElement()
			.asString()
			.startsWith("cluster_messaging_sent_messages_total{worker=\"1\"} ");
		assertThat(get(cluster.port(), SCRAPE + "?worker=2").status()).isEqualTo(404);
		assertThat(get(cluster.port(), SCRAPE + "?worker=first").status()).isEqualTo(400);
	}

	@Test
	@Order(3)
	void theClustersMetersAreTheSameInEveryWorker() throws IOException {
		for (int i = 0; i < 2; i++) {
			assertThat(get(cluster.port(), "/actuator/metrics/cluster.workers.active").body())
				.contains("\"value\":2.0");
			assertThat(get(cluster.port(), "/actuator/metrics/cluster.worker.restarts").body())
				.contains("\"tag\":\"reason\"", "\"out-of-memory\"");
			assertThat(get(cluster.port(), "/actuator/metrics/cluster.worker.start.time").status()).isEqualTo(200);
		}
	}

	@Test
	@Order(4)
	void promtoolReadsTheText() throws Exception {
		assumeTrue(PrometheusServer.isInstalled("promtool"), "Prometheus is not installed");
		for (String text : List.of(scrape(""), get(primaryPort, "/metrics").body())) {
			Process promtool = new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
			promtool.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
			promtool.getOutputStream().close();
			String report = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			// 3 is for opinions, such as that about the names of some of Micrometer's
			// meters
			assertThat(promtool.waitFor()).as(report).isIn(0, 3);
			assertThat(report.lines().filter((line) -> line.startsWith("cluster_"))).isEmpty();
		}
	}

	/**
	 * It asks for OpenMetrics, and with native histograms for protobuf.
	 */
	@Test
	@Order(5)
	void prometheusReadsOpenMetricsAndProtobuf() throws Exception {
		assertThat(scrape("", OPEN_METRICS)).endsWith("# EOF\n");
		assumeTrue(PrometheusServer.isInstalled("prometheus"), "Prometheus is not installed");
		try (PrometheusServer openMetrics = PrometheusServer.start(directory.resolve("text"), cluster.port());
				PrometheusServer protobuf = PrometheusServer.start(directory.resolve("protobuf"), cluster.port(),
						"--enable-feature=native-histograms")) {
			assertScrapes(openMetrics);
			assertScrapes(protobuf);
		}
	}

	@Test
	@Order(6)
	void theFormatIsTheOneThatIsAskedFor() throws Exception {
		for (String address : List.of("http://127.0.0.1:%d%s".formatted(cluster.port(), SCRAPE),
				"http://127.0.0.1:%d/metrics".formatted(primaryPort))) {
			assertThat(text(address, "text/plain", "text/plain; version=0.0.4"))
				.contains("# TYPE cluster_workers_active_workers gauge\n")
				.doesNotContain("# EOF");
			assertThat(text(address, "application/openmetrics-text; version=1.0.0",
					"application/openmetrics-text; version=1.0.0"))
				.contains("# TYPE cluster_worker_exits counter\n")
				.endsWith("# EOF\n");
			HttpResponse<byte[]> protobuf = fetch(address,
					"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited");
			assertThat(mediaType(protobuf)).startsWith("application/vnd.google.protobuf;")
				.contains("encoding=delimited");
			assertThat(families(protobuf.body())).doesNotHaveDuplicates()
				.contains("cluster_workers_active_workers", "cluster_worker_exits_total", "jvm_threads_live_threads");
		}
	}

	private static String text(String address, String accept, String type) throws Exception {
		HttpResponse<byte[]> response = fetch(address, accept);
		assertThat(mediaType(response).replace(";", "; ").replace(";  ", "; ")).startsWith(type);
		return new String(response.body(), StandardCharsets.UTF_8);
	}

	private static String mediaType(HttpResponse<?> response) {
		return response.headers().firstValue("Content-Type").orElseThrow();
	}

	private static HttpResponse<byte[]> fetch(String address, String accept) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create(address)).header("Accept", accept).build();
		return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
	}

	/**
	 * The names of families in protobuf: each family follows its length, and begins with
	 * its first field, the name.
	 */
	private static List<String> families(byte[] body) {
		ByteBuffer message = ByteBuffer.wrap(body);
		List<String> names = new ArrayList<>();
		while (message.hasRemaining()) {
			int end = length(message);
			end += message.position();
			assertThat(message.get()).as("tag of the first field").isEqualTo((byte) 0x0a);
			byte[] name = new byte[length(message)];
			message.get(name);
			names.add(new String(name, StandardCharsets.UTF_8));
			message.position(end);
		}
		return names;
	}

	private static int length(ByteBuffer message) {
		int length = 0;
		int shift = 0;
		byte next;
		do {
			next = message.get();
			length |= (next & 0x7f) << shift;
			shift += 7;
		}
		while (next < 0);
		return length;
	}

	private static void assertScrapes(PrometheusServer prometheus) {
		await().atMost(TIMEOUT).until(() -> prometheus.query("cluster_workers_active_workers").size() == 1);
		assertThat(prometheus.health()).isEqualTo("up ");
		assertThat(prometheus.query("jvm_threads_live_threads"))
			.extracting((series) -> series.at("/metric/worker").asString())
			.containsExactlyInAnyOrder("0", "1");
		assertThat(prometheus.query("sum(http_server_requests_seconds_count)")).isNotEmpty();
	}

	/**
	 * A new connection could be given to the worker that is suspended.
	 */
	private static HttpConnection connectionTo(int index) throws IOException {
		while (true) {
			HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
			String body = connection.get("/actuator/cluster").body();
			if (JsonMapper.shared().readTree(body).at("/answeredBy/index").asInt() == index) {
				return connection;
			}
			connection.close();
		}
	}

	private static void awaitWaiting(HttpConnection primary, int connections) {
		await().atMost(TIMEOUT)
			.until(() -> value(primary.get("/metrics").body(),
					"cluster_connections_waiting_connections") == connections);
	}

	@Test
	@Order(7)
	void aWorkerThatDoesNotAnswerIsLeftOutAndCounted() throws IOException {
		long suspended = cluster.cluster().workers().get(1).pid();
		try (HttpConnection worker = connectionTo(0);
				HttpConnection primary = HttpConnection.open(primaryPort, TIMEOUT)) {
			ClusterProcess.signal("STOP", List.of(suspended));
			long begun = System.nanoTime();
			String scrape = primary.get("/metrics").body();
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(Duration.ofMillis(900),
					Duration.ofSeconds(5));
			assertThat(scrape).contains("jvm_threads_live_threads{worker=\"0\"}",
					"cluster_workers_configured_workers 2.0");
			assertThat(value(scrape, "jvm_threads_live_threads{worker=\"1\"}")).isNaN();
			assertThat(value(primary.get("/metrics").body(), "cluster_scrape_omissions_workers_total{omitted=\"1\"}"))
				.isPositive();
			assertThat(value(worker.get(SCRAPE).body(),
					"cluster_scrape_omissions_workers_total{omitted=\"1\",worker=\"0\"}"))
				.isPositive();
			awaitWaiting(primary, 0);
			try (HttpConnection one = HttpConnection.open(cluster.port(), TIMEOUT);
					HttpConnection other = HttpConnection.open(cluster.port(), TIMEOUT)) {
				awaitWaiting(primary, 1);
				assertThat(one).isNotEqualTo(other);
			}
			HttpConnection.Reply selected = worker.get(SCRAPE + "?worker=1");
			assertThat(selected.status()).as(selected.body()).isEqualTo(503);
			assertThat(selected.headers().get("content-type")).startsWith("text/plain");
			assertThat(selected.body()).contains("worker at index 1");
		}
		finally {
			ClusterProcess.signal("CONT", List.of(suspended));
		}
		await().atMost(TIMEOUT).until(() -> !Double.isNaN(value(scrape(""), "jvm_threads_live_threads{worker=\"1\"}")));
	}

	@Test
	@Order(9)
	void everyMeterIsDocumented() throws IOException {
		String documented = Files.readString(Path.of("../docs/metrics.md"));
		JsonNode names = JsonMapper.shared().readTree(get(cluster.port(), "/actuator/metrics").body()).get("names");
		assertThat(names.valueStream().map(JsonNode::asString).filter((name) -> name.startsWith("cluster.")))
			.hasSizeGreaterThan(10)
			.allSatisfy((name) -> assertThat(documented).contains("| `" + name + "` |"));
	}

	/**
	 * While a worker is replaced there are two at its index. Their counters must not be
	 * seen in turns.
	 */
	@Test
	@Order(10)
	void aReloadChangesEachSeriesOnce() throws Exception {
		CompletableFuture<Operations.Answer> reload = new Operations(cluster).begin("reload?wait=2m");
		Map<String, Double> starts = new HashMap<>();
		do {
			String scrape = scrape("");
			for (String worker : List.of("0", "1")) {
				double start = value(scrape, "cluster_worker_start_time_seconds{worker=\"%s\"}".formatted(worker));
				assertThat(start).as("Worker %s", worker).isGreaterThanOrEqualTo(starts.getOrDefault(worker, 0.0));
				starts.put(worker, start);
			}
			assertThat(value(scrape, "cluster_workers_active_workers")).isEqualTo(2);
		}
		while (!reload.isDone());
		assertThat(reload.get(1, TimeUnit.SECONDS).state()).isEqualTo("DONE");
		awaitScrape("cluster_reloads_total{outcome=\"done\"}", 1);
		String scrape = scrape("");
		assertThat(value(scrape, "cluster_worker_restarts_total{reason=\"reload\"}")).isEqualTo(2);
		assertThat(value(scrape, "cluster_reload_duration_seconds_sum{outcome=\"done\"}")).isPositive();
	}

	@Test
	@Order(11)
	void thePrimaryAnswersWhenNoWorkerLives() throws IOException {
		List<Long> workers = cluster.workerPids();
		double exits = value(get(primaryPort, "/metrics").body(), "cluster_worker_exits_total");
		ClusterProcess.signal("KILL", workers);
		await().atMost(TIMEOUT).until(() -> get(primaryPort, "/health").status() == 503);
		assertThat(get(primaryPort, "/health").body()).contains("\"status\":\"DOWN\"");
		HttpConnection.Reply page = get(primaryPort, "/dashboard");
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.headers().get("content-type")).startsWith("text/html");
		assertThat(page.body()).contains("<html");
		JsonNode view = JsonMapper.shared().readTree(get(primaryPort, "/cluster").body());
		assertThat(view.path("configuredWorkers").asInt()).isEqualTo(2);
		assertThat(view.path("readyWorkers").asInt()).isZero();
		String metrics = get(primaryPort, "/metrics").body();
		assertThat(value(metrics, "cluster_workers_active_workers")).isZero();
		assertThat(value(metrics, "cluster_worker_exits_total")).isEqualTo(exits + workers.size());
		assertThat(value(metrics, "cluster_worker_restarts_total{reason=\"signal\"}")).isEqualTo(workers.size());
		cluster.awaitReplaced(workers);
		assertThat(get(primaryPort, "/health").body()).contains("\"status\":\"UP\"");
		assertThat(get(primaryPort, "/nothing").status()).isEqualTo(404);
	}

	@Test
	@Order(12)
	void eventsAreLoggedWithFields() {
		Pattern json = Pattern.compile("^\\{.*\"cluster\":\\{\"event\":.*}$");
		List<JsonNode> events = cluster.output()
			.find(json)
			.stream()
			.map(MatchResult::group)
			.map((line) -> JsonMapper.shared().readTree(line).get("cluster"))
			.toList();
		assertThat(events).extracting((event) -> event.path("event").asString())
			.contains("worker-started", "worker-ready", "worker-drains", "worker-exited", "reload-started",
					"reload-finished", "leader-appointed");
		assertThat(events).filteredOn((event) -> "SIGKILL".equals(event.at("/worker/signal").asString("")))
			.isNotEmpty()
			.allSatisfy((event) -> {
				assertThat(event.at("/worker/exit_code").asInt()).isEqualTo(137);
				assertThat(event.at("/worker/pid").asLong()).isPositive();
				assertThat(event.path("reason").asString()).isEqualTo("ended by SIGKILL");
			});
		assertThat(events).filteredOn((event) -> "leader-appointed".equals(event.path("event").asString()))
			.isNotEmpty()
			.allSatisfy((event) -> assertThat(event.at("/worker/id").asInt()).isPositive());
		assertThat(events).filteredOn((event) -> "reload-finished".equals(event.path("event").asString()))
			.singleElement()
			.satisfies((event) -> assertThat(event.at("/reload/state").asString()).isEqualTo("DONE"));
	}

}
