package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
 * What Prometheus itself makes of the meters, and of the expressions in the docs. All
 * tests share one cluster and one Prometheus that scrapes it.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class PrometheusTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

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
		assumeTrue(PrometheusServer.isInstalled("prometheus"), "Prometheus is not installed");
		cluster = ClusterProcess.demo()
			.property("management.endpoints.web.exposure.include", "health,cluster,prometheus")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.load-balancing", "round-robin")
			.property("cluster.reload.probation", "500ms")
			.property("cluster.drain.idle-grace", "200ms")
			.start()
			.awaitReady();
		prometheus = PrometheusServer.start(directory, cluster.port());
		awaitAny("cluster_workers_active_workers == 2");
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
		await().atMost(TIMEOUT).until(() -> !prometheus.query(expression).isEmpty());
	}

	@Test
	@Order(1)
	void theDashboardShowsWhatIsThere() throws Exception {
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
		try (Stream<String> lines = Files.lines(Path.of("../docs/metrics.md"))) {
			List<String> alarms = lines.dropWhile((line) -> !line.startsWith("| Expression |"))
				.takeWhile((line) -> line.startsWith("|"))
				.map(ALARM::matcher)
				.filter(Matcher::find)
				.map((row) -> row.group(1).replace("\\|", "|"))
				.toList();
			assertThat(alarms).hasSize(5).allSatisfy(PrometheusTests::assertUnderstood).allSatisfy((alarm) -> {
				awaitAny("(%s) or vector(1)".formatted(alarm));
				assertThat(prometheus.query(alarm)).as(alarm).isEmpty();
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

	private static void assertLabels(String metric, Set<String> labels) {
		assertThat(prometheus.query(metric)).as(metric)
			.isNotEmpty()
			.allSatisfy((series) -> assertThat(series.get("metric").propertyNames()).containsAll(labels));
	}

	/**
	 * Counters of workers that are gone must not make rates negative, and the cluster's
	 * own go on as if nothing had happened.
	 */
	@Test
	@Order(3)
	void ratesAreNeverNegative() {
		List<Long> killed = List.of(cluster.workerPids().get(0));
		ClusterProcess.signal("KILL", killed);
		cluster.awaitReplaced(killed);
		awaitAny("cluster_worker_exits_total == 1");
		assertRates();
		assertThat(new Operations(cluster).post("reload?wait=2m").state()).isEqualTo("DONE");
		awaitAny("cluster_worker_exits_total == 3");
		assertRates();
		assertThat(new Operations(cluster).post("scale", "{\"workers\":1}").status()).isEqualTo(202);
		awaitAny("cluster_worker_exits_total == 4");
		assertRates();
		assertThat(prometheus.query("http_server_requests_seconds_count"))
			.extracting((series) -> series.at("/metric/worker").asString())
			.containsOnly("0");
	}

	private static void assertRates() {
		for (String function : List.of("rate", "increase")) {
			String rates = function + "(http_server_requests_seconds_count[1m])";
			assertThat(prometheus.query(rates)).as(rates).isNotEmpty();
			assertThat(prometheus.query("min_over_time(%s[5m:500ms]) < 0".formatted(rates))).isEmpty();
		}
		assertThat(prometheus.query("resets({__name__=~\"cluster_(worker_(exits|restarts)|reloads)_total\"}[5m]) > 0"))
			.isEmpty();
		assertThat(prometheus.query("resets(http_server_requests_seconds_count[5m]) > 2")).isEmpty();
	}

}
