package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.app.ExitingApplication;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers that keep dying are replaced less and less often, while the others serve.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
@DisabledIfSystemProperty(named = "test.server", matches = "netty",
		disabledReason = "the application is made of servlets")
class CrashLoopTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final int FAILURES = 5;

	private static final Duration INITIAL_DELAY = Duration.ofMillis(250);

	private static final double JITTER = 0.2;

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.application(ExitingApplication.class)
			.property("app.exit-on-start", exitFile())
			.property("app.fail-on-start", failFile())
			.property("cluster.restart.initial-delay", INITIAL_DELAY.toMillis() + "ms")
			.property("cluster.restart.jitter", JITTER)
			// no shorter than the longest gap that is measured
			.property("cluster.restart.max-delay", "2s")
			.property("cluster.restart.stable-after", "5s")
			.property("management.endpoint.health.show-components", "always")
			.expectError("Application run failed")
			.start();
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static Path exitFile() {
		return directory.resolve("exit-code");
	}

	private static Path failFile() {
		return directory.resolve("fail");
	}

	private static JsonNode health() throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			HttpConnection.Reply reply = connection.get("/actuator/health");
			assertThat(reply.status()).isEqualTo(200);
			return JsonMapper.shared().readTree(reply.body());
		}
	}

	private static String clusterHealth() throws IOException {
		return health().path("components").path("cluster").path("status").asString();
	}

	@Test
	@Order(1)
	void workersThatFailToStartBackOff() throws IOException {
		assertThat(clusterHealth()).isEqualTo("UP");
		Worker victim = cluster.cluster().workers().get(1);
		Worker survivor = cluster.cluster().workers().get(0);
		Files.writeString(exitFile(), "7");
		ClusterProcess.signal("KILL", List.of(victim.pid()));
		cluster.output().await(Event.of(victim.index(), "exited after .*, exit code 7"), 1, TIMEOUT);
		await().atMost(TIMEOUT).until(() -> clusterHealth().equals("DEGRADED"));
		cluster.output()
			.await(Event.of(victim.index(), "exited after .*, exit code 7"), FAILURES, Duration.ofSeconds(90));
		assertThat(clusterHealth()).isEqualTo("DEGRADED");
		assertThat(health().path("status").asString()).isNotIn("DOWN", "OUT_OF_SERVICE");
		LoadGenerator.on(cluster.port())
			.requests(20)
			.run()
			.assertNoFailures()
			.assertAnsweredBy(List.of(survivor.pid()));
		assertBackedOff(victim.index(), FAILURES + 1);

		Files.delete(exitFile());
		ClusterView after = cluster.awaitReplaced(List.of(victim.pid()));
		assertThat(clusterHealth()).isEqualTo("UP");
		Worker replacement = after.workers().get(1);
		assertThat(replacement.restarts()).isGreaterThanOrEqualTo(FAILURES + 1);
		assertThat(replacement.lastExit().code()).isEqualTo(7);
	}

	@Test
	@Order(2)
	void workersThatDieOnceTheyAreReadyBackOff() {
		Worker survivor = cluster.cluster().workers().get(1);
		int kills = 3;
		for (int i = 0; i < kills; i++) {
			Worker victim = cluster.awaitReplaced(List.of()).workers().get(0);
			ClusterProcess.signal("KILL", List.of(victim.pid()));
			cluster.awaitReplaced(List.of(victim.pid()));
		}
		assertBackedOff(0, kills);
		assertThat(cluster.cluster().worker(survivor.pid()).restarts()).isEqualTo(survivor.restarts());
	}

	/**
	 * An application whose runner fails closes its context, by which it says that it
	 * leaves, before its process exits.
	 */
	@Test
	@Order(3)
	void workersThatCloseTheirContextInsteadOfBecomingReadyBackOff() throws IOException {
		// it has been stable while those of the other index died
		Worker victim = cluster.awaitReplaced(List.of()).workers().get(1);
		int before = Event.find(victim.index(), "exited after .*").size();
		Files.createFile(failFile());
		ClusterProcess.signal("KILL", List.of(victim.pid()));
		cluster.output().await(Event.of(victim.index(), "exited after .*"), before + 3, Duration.ofSeconds(90));
		Files.delete(failFile());
		cluster.awaitReplaced(List.of(victim.pid()));
		List<Event> exits = Event.find(victim.index(), "exited after .*");
		List<Event> starts = Event.find(victim.index(), "started");
		// the first worker of an index is started before any exits
		assertThat(starts).hasSize(exits.size() + 1);
		for (int i = before + 1; i < exits.size(); i++) {
			assertThat(Duration.between(exits.get(i).time(), starts.get(i + 1).time()))
				.as("gap after failure %d", i + 1)
				.isGreaterThanOrEqualTo(scale(INITIAL_DELAY, 1 - JITTER));
		}
	}

	/**
	 * Assert that the first failure of an index was followed by a start at once, and each
	 * further one by a start after twice the time.
	 */
	private static void assertBackedOff(int index, int failures) {
		List<Event> exits = Event.find(index, "exited after .*");
		List<Event> starts = Event.find(index, "started");
		List<Duration> gaps = new ArrayList<>();
		for (int i = 0; i + 1 < failures; i++) {
			gaps.add(Duration.between(exits.get(i).time(), starts.get(i + 1).time()));
		}
		System.out.printf("%d starts within %s, after gaps of %s%n", starts.size(),
				Duration.between(exits.get(0).time(), starts.get(starts.size() - 1).time()), gaps);
		assertThat(gaps.get(0)).as("gaps %s", gaps).isLessThan(INITIAL_DELAY);
		for (int i = 1; i < gaps.size(); i++) {
			Duration delay = INITIAL_DELAY.multipliedBy(1L << (i - 1));
			assertThat(gaps.get(i)).as("gaps %s", gaps).isGreaterThanOrEqualTo(scale(delay, 1 - JITTER));
			assertThat(gaps.get(i)).as("gaps %s", gaps).isLessThan(scale(delay, 1 + JITTER).plusSeconds(1));
		}
	}

	private static Duration scale(Duration duration, double factor) {
		return Duration.ofMillis(Math.round(duration.toMillis() * factor));
	}

	/**
	 * Something that the primary has logged about a worker.
	 *
	 * @param time when
	 */
	private record Event(OffsetDateTime time) {

		static Pattern of(int index, String what) {
			return Pattern.compile("^(\\S+) .* worker-\\d+ \\(index %d, pid \\d+\\) %s".formatted(index, what));
		}

		static List<Event> find(int index, String what) {
			List<Matcher> lines = cluster.output().find(of(index, what));
			return lines.stream().map((line) -> new Event(OffsetDateTime.parse(line.group(1)))).toList();
		}

	}

}
