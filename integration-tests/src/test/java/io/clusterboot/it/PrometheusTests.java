package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
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
 * What those who scrape a cluster see while workers come and go, and what Prometheus
 * itself makes of the meters and of the expressions in the docs. All tests share one
 * cluster and, where it is installed, one Prometheus that scrapes it.
 */
@ExtendWith(PrintOutputOnFailure.class)
@Tag("full")
@TestMethodOrder(OrderAnnotation.class)
class PrometheusTests {

	private static final Pattern METRIC = Pattern.compile("\\b((?:cluster|http|jvm|process)_[a-z_]+)(?:\\{([^}]*)})?");

	private static final Pattern MATCHER = Pattern.compile("([a-z_]+)(?:=~|!~|!=|=)\"");

	private static final Pattern GROUPING = Pattern.compile("(?:by|without|on) \\(([^)]*)\\)");

	private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*), ([a-z_]+)\\)");

	/** A row of the table of alarms. */
	private static final Pattern ALARM = Pattern.compile("^\\| `(.*)`(?:, for \\d+ minutes?)? \\|");

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static PrometheusServer prometheus;

	@BeforeAll
	static void start() throws IOException {
		cluster = ClusterProcess.demo()
			.property("management.endpoints.web.exposure.include", "health,cluster,prometheus")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.load-balancing", "round-robin")
			.property("cluster.metrics.timeout", "1m")
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.reload.probation", "500ms")
			.property("cluster.drain.idle-grace", "200ms")
			.property("logging.structured.format.console", "ecs")
			.start()
			.awaitReady();
		if (PrometheusServer.isInstalled("prometheus")) {
			prometheus = PrometheusServer.start(directory, cluster.port());
			awaitAny("cluster_workers_active_workers == 2");
		}
	}

	private static void assumePrometheus() {
		assumeTrue(prometheus != null, "Prometheus is not installed");
	}

	@AfterAll
	static void stop() {
		if (prometheus != null) {
			prometheus.close();
		}
		if (cluster != null) {
			cluster.close();
		}
	}

	private static void awaitAny(String expression) {
		await().atMost(Deadlines.EVENT).until(() -> !prometheus.query(expression).isEmpty());
	}

	@Test
	@Order(1)
	void theDashboardShowsWhatIsThere() throws Exception {
		assumePrometheus();
		for (long pid : cluster.workerPids()) {
			collectGarbage(pid);
		}
		awaitAny("jvm_gc_pause_seconds_sum");
		JsonNode dashboard = JsonMapper.shared().readTree(Files.readString(Path.of("../docs/grafana-dashboard.json")));
		List<String> expressions = dashboard.findValuesAsString("expr");
		assertThat(expressions).hasSizeGreaterThan(20)
			.allSatisfy((expression) -> assertThat(expression).contains("{job=\"$job\",instance=~\"$instance\""))
			.allSatisfy((expression) -> assertUnderstood(withoutVariables(expression)));
		List<Matcher> variables = dashboard.findValues("query")
			.stream()
			.map((query) -> query.path("query").asString(""))
			.map(LABEL_VALUES::matcher)
			.filter(Matcher::matches)
			.toList();
		assertThat(variables).hasSize(2).allSatisfy((variable) -> {
			assertUnderstood(withoutVariables(variable.group(1)));
			assertLabels(METRIC.matcher(variable.group(1)).results().findFirst().orElseThrow().group(1),
					Set.of(variable.group(2)));
		});
	}

	/**
	 * What it measures is there when there has been one.
	 */
	private static void collectGarbage(long pid) throws Exception {
		Process jcmd = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
				Long.toString(pid), "GC.run")
			.redirectErrorStream(true)
			.start();
		jcmd.getInputStream().readAllBytes();
		assertThat(jcmd.waitFor()).isZero();
	}

	private static String withoutVariables(String expression) {
		return expression.replace("job=\"$job\"", "job=\"app\"")
			.replace("$instance", ".+")
			.replace("$__rate_interval", "1m");
	}

	@Test
	@Order(2)
	void theAlarmsAreAboutWhatIsThere() throws IOException {
		assumePrometheus();
		try (Stream<String> lines = Files.lines(Path.of("../docs/metrics.md"))) {
			List<String> alarms = lines.dropWhile((line) -> !line.startsWith("| Expression |"))
				.takeWhile((line) -> line.startsWith("|"))
				.map(ALARM::matcher)
				.filter(Matcher::find)
				.map((row) -> row.group(1).replace("\\|", "|"))
				.toList();
			assertThat(alarms).hasSize(5).allSatisfy(PrometheusTests::assertUnderstood).allSatisfy((alarm) -> {
				awaitAny("(%s) or vector(1)".formatted(alarm));
				await().atMost(Deadlines.EVENT)
					.untilAsserted(() -> assertThat(prometheus.query(alarm)).as(alarm).isEmpty());
			});
		}
	}

	/**
	 * Prometheus says what it cannot parse. What does not exist it takes for something
	 * that is not there at the moment.
	 */
	private static void assertUnderstood(String expression) {
		prometheus.query(expression);
		Set<String> grouping = new HashSet<>();
		GROUPING.matcher(expression)
			.results()
			.flatMap((labels) -> Stream.of(labels.group(1).split(", *")))
			.forEach(grouping::add);
		List<MatchResult> metrics = METRIC.matcher(expression).results().toList();
		assertThat(metrics).as(expression).isNotEmpty().allSatisfy((metric) -> {
			Set<String> labels = new HashSet<>(grouping);
			if (metric.group(2) != null) {
				MATCHER.matcher(metric.group(2)).results().forEach((label) -> labels.add(label.group(1)));
			}
			assertLabels(metric.group(1), labels);
		});
	}

	/**
	 * What is there is missing for a moment when a scrape takes too long.
	 */
	private static void assertLabels(String metric, Set<String> labels) {
		awaitAny(metric);
		assertThat(prometheus.query("last_over_time(%s[1h])".formatted(metric))).as(metric)
			.isNotEmpty()
			.allSatisfy((series) -> assertThat(series.get("metric").propertyNames()).containsAll(labels));
	}

	/**
	 * While a worker is replaced there are two at its index. Their counters must not be
	 * seen in turns.
	 */
	@Test
	@Order(3)
	void aReloadChangesEachSeriesOnce() throws Exception {
		CompletableFuture<Operations.Answer> reload = new Operations(cluster).begin("reload?wait=3m");
		Map<String, Double> starts = new HashMap<>();
		Set<Double> seen = new HashSet<>();
		do {
			String scrape = scrape();
			for (String worker : List.of("0", "1")) {
				double start = value(scrape, "cluster_worker_start_time_seconds{worker=\"%s\"}".formatted(worker));
				assertThat(start).as("Worker %s", worker).isGreaterThanOrEqualTo(starts.getOrDefault(worker, 0.0));
				starts.put(worker, start);
				seen.add(start);
			}
			assertThat(value(scrape, "cluster_workers_active_workers")).isEqualTo(2);
		}
		while (!reload.isDone() || seen.size() < 4);
		assertThat(reload.join().state()).isEqualTo("DONE");
		assertThat(seen).as("starts of the former and of the new workers").hasSize(4);
		await().atMost(Deadlines.EVENT)
			.until(() -> value(scrape(), "cluster_reloads_total{outcome=\"done\"}"), (reloads) -> reloads == 1);
		String scrape = scrape();
		assertThat(value(scrape, "cluster_worker_restarts_total{reason=\"reload\"}")).isEqualTo(2);
		assertThat(value(scrape, "cluster_reload_duration_seconds_sum{outcome=\"done\"}")).isPositive();
	}

	private static String scrape() throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			HttpConnection.Reply reply = connection.get("/actuator/prometheus");
			assertThat(reply.status()).as(reply.body()).isEqualTo(200);
			return reply.body();
		}
	}

	private static double value(String scrape, String series) {
		return scrape.lines()
			.filter((line) -> line.startsWith(series + " "))
			.mapToDouble((line) -> Double.parseDouble(line.substring(series.length() + 1)))
			.findFirst()
			.orElse(Double.NaN);
	}

	@Test
	@Order(4)
	void aReloadIsLoggedWithFields() {
		Pattern event = Pattern.compile("^\\{.*\"cluster\":\\{\"event\":\"reload-(started|finished)\".*}$");
		List<JsonNode> events = cluster.output()
			.await(event, 2, Deadlines.EVENT)
			.stream()
			.map((line) -> JsonMapper.shared().readTree(line.group()).get("cluster"))
			.toList();
		assertThat(events).extracting((fields) -> fields.path("event").asString())
			.containsExactly("reload-started", "reload-finished");
		assertThat(events.get(1).at("/reload/state").asString()).isEqualTo("DONE");
	}

	/**
	 * Prometheus takes each way down of a counter for a restart, and all that follows for
	 * an increase. A worker's counters go down when it is replaced, the cluster's own
	 * never.
	 */
	@Test
	@Order(5)
	void countersGoDownWithTheirWorkersOnly() {
		assumePrometheus();
		awaitAny("cluster_worker_exits_total == 2");
		assertResets(1);
		List<Long> killed = List.of(cluster.workerPids().get(0));
		Processes.signal("KILL", killed);
		cluster.awaitReplaced(killed);
		awaitAny("cluster_worker_exits_total == 3");
		assertResets(2);
		assertThat(new Operations(cluster).post("scale", "{\"workers\":1}").status()).isEqualTo(202);
		awaitAny("cluster_worker_exits_total == 4");
		assertResets(2);
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(prometheus.query("http_server_requests_seconds_count")).isNotEmpty()
				.extracting((series) -> series.at("/metric/worker").asString())
				.containsOnly("0"));
	}

	/**
	 * All of this Prometheus' life is within an hour.
	 */
	private static void assertResets(int replacements) {
		String resets = "resets(%s[1h]) > %d";
		assertThat(prometheus.query("count_over_time(http_server_requests_seconds_count[1h])")).isNotEmpty();
		assertThat(prometheus.query(resets.formatted("http_server_requests_seconds_count", replacements))).isEmpty();
		assertThat(prometheus
			.query(resets.formatted("{__name__=~\"cluster_(worker_(exits|restarts)|reloads)_total\"}", 0))).isEmpty();
	}

}
