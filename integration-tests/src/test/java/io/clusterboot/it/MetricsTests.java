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
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import io.clusterboot.it.gated.HeldStart;
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

	private static final String SCRAPE = "/actuator/prometheus";

	private static final String OPEN_METRICS = "Accept: application/openmetrics-text; version=1.0.0";

	private static final String OMISSIONS = "cluster_scrape_omissions_workers_total{omitted=\"1\"%s}";

	@TempDir
	private static Path directory;

	/** While it exists, workers that start wait. */
	private static Path held;

	private static ClusterProcess cluster;

	private static int primaryPort;

	@BeforeAll
	static void start() throws IOException {
		held = directory.resolve("held");
		cluster = ClusterProcess.demoWith(HeldStart.class)
			.property("app.start-held", held)
			.property("spring.data.redis.port", 1)
			.property("management.health.redis.enabled", false)
			.property("management.endpoints.web.exposure.include", "health,cluster,metrics,prometheus")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.load-balancing", "round-robin")
			// a connection that moves to a worker that stands still waits there
			.property("cluster.rebalance.enabled", false)
			.property("cluster.metrics.timeout", "10s")
			.property("cluster.startup.timeout", "10m")
			.property("cluster.heartbeat.timeout", "10m")
			// connections are kept for as long as a test takes
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("cluster.primary.port", 0)
			.property("cluster.drain.idle-grace", "200ms")
			.property("logging.structured.format.console", "ecs")
			.expectError("rejectedExecution +: Failed to submit a listener notification task")
			.start()
			.awaitReady();
		primaryPort = Integer
			.parseInt(cluster.awaitLine("The primary answers on port (\\d+)", Deadlines.EVENT).group(1));
	}

	@AfterAll
	static void stop() {
		if (cluster != null) {
			cluster.close();
		}
	}

	private static HttpConnection.Reply get(int port, String path, String... headers) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
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

	private static void awaitPrimary(String series, double expected) {
		await().atMost(Deadlines.EVENT)
			.until(() -> value(get(primaryPort, "/metrics").body(), series), (value) -> value == expected);
	}

	/**
	 * What a worker knows of the cluster, which the primary tells it once a second.
	 */
	private static void awaitMeter(HttpConnection worker, String name, String... parts) {
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(worker.get("/actuator/metrics/" + name).body()).contains(parts));
	}

	@Test
	@Order(1)
	void oneScrapeOfAnyWorkerReturnsTheMetersOfAll() throws IOException {
		for (int index = 0; index < 2; index++) {
			try (HttpConnection worker = connectionTo(index)) {
				awaitMeter(worker, "cluster.workers.active", "\"value\":2.0");
				String dispatched = "cluster_connections_dispatched_connections_total{worker=\"0\"}";
				await().atMost(Deadlines.EVENT).until(() -> value(worker.get(SCRAPE).body(), dispatched) > 0);
				String scrape = worker.get(SCRAPE).body();
				assertThat(scrape.lines().filter((line) -> line.startsWith("# TYPE "))).doesNotHaveDuplicates();
				assertThat(scrape).contains("jvm_threads_live_threads{worker=\"0\"}",
						"jvm_threads_live_threads{worker=\"1\"}", "cluster_link_backlog_messages{worker=\"0\"}",
						"cluster_messaging_pending_bytes{worker=\"1\"}",
						"cluster_primary_backlog_messages{worker=\"0\"} 0.0",
						"cluster_connections_waiting_connections ");
				assertThat(scrape.lines().filter((line) -> line.startsWith("cluster_workers_")))
					.containsExactly("cluster_workers_active_workers 2.0", "cluster_workers_configured_workers 2.0");
			}
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
		for (int index = 0; index < 2; index++) {
			try (HttpConnection worker = connectionTo(index)) {
				awaitMeter(worker, "cluster.workers.active", "\"value\":2.0");
				awaitMeter(worker, "cluster.worker.restarts", "\"tag\":\"reason\"", "\"out-of-memory\"");
				assertThat(worker.get("/actuator/metrics/cluster.worker.start.time").status()).isEqualTo(200);
			}
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
		// a scrape that takes too long on a busy machine leaves a mark until the next one
		await().atMost(Deadlines.EVENT).untilAsserted(() -> {
			assertThat(prometheus.health()).isEqualTo("up ");
			assertThat(prometheus.query("cluster_workers_active_workers")).hasSize(1);
			assertThat(prometheus.query("jvm_threads_live_threads"))
				.extracting((series) -> series.at("/metric/worker").asString())
				.containsExactlyInAnyOrder("0", "1");
			assertThat(prometheus.query("sum(http_server_requests_seconds_count)")).isNotEmpty();
		});
	}

	/**
	 * A new connection could be given to the worker that is suspended.
	 */
	private static HttpConnection connectionTo(int index) throws IOException {
		while (true) {
			HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
			String body = connection.get("/actuator/cluster").body();
			if (JsonMapper.shared().readTree(body).at("/answeredBy/index").asInt() == index) {
				return connection;
			}
			connection.close();
		}
	}

	/**
	 * All are asked before the worker goes on, and each answers without it. What each of
	 * them has counted is read afterwards.
	 */
	@Test
	@Order(7)
	void aWorkerThatDoesNotAnswerIsLeftOutAndCounted() throws IOException {
		String byPrimary = OMISSIONS.formatted("");
		String byWorker = OMISSIONS.formatted(",worker=\"0\"");
		double before = value(get(primaryPort, "/metrics").body(), byPrimary);
		long suspended = cluster.cluster().workers().get(1).pid();
		try (HttpConnection worker = connectionTo(0);
				HttpConnection selection = connectionTo(0);
				HttpConnection observer = connectionTo(0);
				HttpConnection primary = HttpConnection.open(primaryPort, Deadlines.EVENT)) {
			double beforeByWorker = value(worker.get(SCRAPE).body(), byWorker);
			awaitMeter(observer, "cluster.connections.waiting", "\"value\":0.0");
			Processes.signal("STOP", List.of(suspended));
			try (HttpConnection one = HttpConnection.open(cluster.port(), Deadlines.EVENT);
					HttpConnection other = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
				try {
					primary.send("GET", "/metrics", new byte[0]);
					worker.send("GET", SCRAPE, new byte[0]);
					selection.send("GET", SCRAPE + "?worker=1", new byte[0]);
					// of two connections, one is given to each worker
					awaitMeter(observer, "cluster.connections.waiting", "\"value\":1.0");
					for (HttpConnection scraping : List.of(primary, worker)) {
						String scrape = scraping.read().body();
						assertThat(scrape).contains("jvm_threads_live_threads{worker=\"0\"}",
								"cluster_workers_configured_workers 2.0");
						assertThat(value(scrape, "jvm_threads_live_threads{worker=\"1\"}")).isNaN();
					}
					HttpConnection.Reply selected = selection.read();
					assertThat(selected.status()).as(selected.body()).isEqualTo(503);
					assertThat(selected.headers().get("content-type")).startsWith("text/plain");
					assertThat(selected.body()).contains("worker at index 1");
				}
				finally {
					Processes.signal("CONT", List.of(suspended));
				}
				assertThat(one.get("/").status()).isEqualTo(200);
				assertThat(other.get("/").status()).isEqualTo(200);
			}
			awaitMeter(observer, "cluster.connections.waiting", "\"value\":0.0");
			assertThat(value(primary.get("/metrics").body(), byPrimary)).isEqualTo(before + 1);
			String scrape = worker.get(SCRAPE).body();
			assertThat(value(scrape, byWorker)).isEqualTo(beforeByWorker + 2);
			assertThat(value(scrape, "jvm_threads_live_threads{worker=\"1\"}")).isPositive();
		}
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
	 * Nobody has exited before. No other worker comes up before all has been looked at.
	 */
	@Test
	@Order(10)
	void thePrimaryAnswersWhenNoWorkerLives() throws IOException {
		List<Long> workers = cluster.workerPids();
		assertThat(workers).hasSize(2);
		awaitPrimary("cluster_worker_exits_total", 0);
		Files.createFile(held);
		Processes.signal("KILL", workers);
		awaitPrimary("cluster_worker_exits_total", 2);
		awaitPrimary("cluster_worker_restarts_total{reason=\"signal\"}", 2);
		assertThat(value(get(primaryPort, "/metrics").body(), "cluster_workers_active_workers")).isZero();
		HttpConnection.Reply health = get(primaryPort, "/health");
		assertThat(health.status()).isEqualTo(503);
		assertThat(health.body()).contains("\"status\":\"DOWN\"");
		HttpConnection.Reply page = get(primaryPort, "/dashboard");
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.headers().get("content-type")).startsWith("text/html");
		assertThat(page.body()).contains("<html");
		JsonNode view = JsonMapper.shared().readTree(get(primaryPort, "/cluster").body());
		assertThat(view.path("configuredWorkers").asInt()).isEqualTo(2);
		assertThat(view.path("readyWorkers").asInt()).isZero();
		Files.delete(held);
		cluster.awaitReplaced(workers);
		assertThat(get(primaryPort, "/health").body()).contains("\"status\":\"UP\"");
		assertThat(get(primaryPort, "/nothing").status()).isEqualTo(404);
	}

	@Test
	@Order(11)
	void eventsAreLoggedWithFields() {
		assertThat(new Operations(cluster).post("scale", "{\"workers\":1}").status()).isEqualTo(202);
		awaitPrimary("cluster_worker_exits_total", 3);
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(events()).extracting((event) -> event.path("event").asString())
				.contains("worker-started", "worker-ready", "worker-drains", "worker-exited", "leader-appointed"));
		List<JsonNode> events = events();
		assertThat(events).filteredOn((event) -> "SIGKILL".equals(event.at("/worker/signal").asString("")))
			.hasSize(2)
			.allSatisfy((event) -> {
				assertThat(event.at("/worker/exit_code").asInt()).isEqualTo(137);
				assertThat(event.at("/worker/pid").asLong()).isPositive();
				assertThat(event.path("reason").asString()).isEqualTo("ended by SIGKILL");
			});
		assertThat(events).filteredOn((event) -> "leader-appointed".equals(event.path("event").asString()))
			.isNotEmpty()
			.allSatisfy((event) -> assertThat(event.at("/worker/id").asInt()).isPositive());
	}

	private static List<JsonNode> events() {
		Pattern json = Pattern.compile("^\\{.*\"cluster\":\\{\"event\":.*}$");
		return cluster.output()
			.find(json)
			.stream()
			.map(MatchResult::group)
			.map((line) -> JsonMapper.shared().readTree(line).get("cluster"))
			.toList();
	}

}
