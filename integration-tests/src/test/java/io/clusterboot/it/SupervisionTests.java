package io.clusterboot.it;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.LoadResult.Exchange;
import io.clusterboot.it.LoadResult.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers die, one cluster lives on. The tests build on each other's dead.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class SupervisionTests {

	private static final int CLIENTS = 2;

	/** Longer than any test. */
	private static final Duration LOAD = Duration.ofMinutes(20);

	private static ClusterProcess cluster;

	private static int descriptors;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.demo()
			.property("cluster.restart.initial-delay", "50ms")
			.property("cluster.restart.max-delay", "50ms")
			.property("cluster.restart.stable-after", "1s")
			.property("cluster.reload.probation", "500ms")
			.property("cluster.drain.idle-grace", "500ms")
			.property("cluster.link.reply-timeout", "1m")
			.start();
		cluster.awaitReady();
		descriptors = Processes.openDescriptors(cluster.pid());
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static LoadGenerator load() {
		return LoadGenerator.on(cluster.port())
			.get("/", "^Hello from Worker (\\d+)$")
			.clients(CLIENTS)
			.pause(Duration.ofMillis(20))
			.timeout(Deadlines.EVENT)
			.duration(LOAD);
	}

	private static int lineOf(String regex) {
		List<String> lines = cluster.output().lines();
		Pattern pattern = Pattern.compile(regex);
		for (int i = 0; i < lines.size(); i++) {
			if (pattern.matcher(lines.get(i)).find()) {
				return i;
			}
		}
		throw new AssertionError("no line with '" + regex + "'");
	}

	private static Map<Integer, Integer> restarts() {
		Map<Integer, Integer> restarts = new HashMap<>();
		cluster.cluster().workers().forEach((worker) -> restarts.put(worker.index(), worker.restarts()));
		return restarts;
	}

	private static HttpConnection.Reply get(String path) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			return connection.get(path);
		}
	}

	@Test
	@Order(1)
	void oneWorkerCanBeLookedAt() throws IOException {
		for (Worker worker : cluster.cluster().workers()) {
			HttpConnection.Reply reply = get("/actuator/cluster/" + worker.id());
			assertThat(reply.status()).isEqualTo(200);
			JsonNode body = JsonMapper.shared().readTree(reply.body());
			assertThat(body.path("id").asInt()).isEqualTo(worker.id());
			assertThat(body.path("index").asInt()).isEqualTo(worker.index());
			assertThat(body.path("pid").asLong()).isEqualTo(worker.pid());
			assertThat(body.path("state").asString()).isEqualTo("READY");
			assertThat(body.has("lastExit")).isTrue();
		}
		assertThat(get("/actuator/cluster/12345").status()).isEqualTo(404);
	}

	@Test
	@Order(2)
	void terminatedWorkerLeavesAfterItsReplacementIsReady() {
		Worker leaving = cluster.cluster().workers().get(0);
		try (LoadGenerator.Running fresh = load().start(); LoadGenerator.Running kept = load().keepAlive().start()) {
			fresh.awaitAnswers(20, kept);
			Processes.signal("TERM", List.of(leaving.pid()));
			cluster.awaitLine("worker-%d \\(.*\\) exited".formatted(leaving.id()), Deadlines.EVENT);
			ClusterView after = cluster.awaitReplaced(List.of(leaving.pid()));
			fresh.awaitAnswers(20, kept);
			fresh.stop().assertNoFailures();
			kept.stop().assertNoFailures();
			Worker replacement = after.workers().get(0);
			assertThat(replacement.index()).isEqualTo(leaving.index());
			assertThat(lineOf("worker-%d \\(.*\\) is ready".formatted(replacement.id())))
				.isLessThan(lineOf("worker-%d \\(.*\\) drains".formatted(leaving.id())));
			assertThat(replacement.restarts()).as("leaving is no failure").isEqualTo(leaving.restarts());
			assertThat(replacement.lastExit().code()).isZero();
			assertThat(replacement.lastExit().signal()).isNull();
		}
		assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("replaced"));
	}

	@Test
	@Order(3)
	void killedWorkersFailNothingButTheirRequestsInFlight() {
		killUnderLoad(2);
	}

	/**
	 * Kill workers, one after the other, under load.
	 */
	private static void killUnderLoad(int kills) {
		Map<Integer, Integer> before = restarts();
		Set<Long> killed = new HashSet<>();
		try (LoadGenerator.Running fresh = load().start(); LoadGenerator.Running kept = load().keepAlive().start()) {
			ClusterView view = cluster.awaitReplaced(List.of());
			for (int i = 0; i < kills; i++) {
				fresh.awaitAnswers(20, kept);
				Worker victim = view.workers().get(i % 2);
				Processes.signal("KILL", List.of(victim.pid()));
				killed.add(victim.pid());
				view = cluster.awaitReplaced(List.of(victim.pid()));
				Worker replacement = view.workers().get(i % 2);
				assertThat(replacement.index()).isEqualTo(victim.index());
				assertThat(replacement.restarts()).isEqualTo(victim.restarts() + 1);
				assertThat(replacement.lastExit().code()).isEqualTo(137);
				assertThat(replacement.lastExit().signal()).isEqualTo("SIGKILL");
				fresh.awaitAnswers(20, kept);
				assertFailedInFlightOnly(fresh.soFar(), killed);
				assertFailedInFlightOnly(kept.soFar(), killed);
			}
			before.forEach((index, restarts) -> assertThat(restarts()).containsEntry(index, restarts + kills / 2));
			System.out.printf("%d kills, one connection per request: %s%n", kills, fresh.stop().table());
			System.out.printf("%d kills, kept-alive connections: %s%n", kills, kept.stop().table());
			assertFailedInFlightOnly(fresh.soFar(), killed);
			assertFailedInFlightOnly(kept.soFar(), killed);
		}
	}

	/**
	 * A client has one request in flight, and learns of a death no sooner than the dead
	 * worker can take another one, so each death fails one request of each client at the
	 * most. Connections on which somebody has answered who was not killed fail not at
	 * all.
	 */
	private static void assertFailedInFlightOnly(LoadResult result, Set<Long> killed) {
		result.assertNoFailuresBut(Outcome.RESET);
		List<Exchange> failures = result.only((exchange) -> exchange.outcome().isFailure()).exchanges();
		assertThat(failures).as(result::table).hasSizeLessThanOrEqualTo(CLIENTS * killed.size());
		assertThat(failures).as(result::table)
			.allMatch((failure) -> failure.fresh() || killed.contains(failure.peer()));
		for (long pid : killed) {
			assertThat(failures).as(result::table)
				.filteredOn((failure) -> failure.peer() == pid)
				.hasSizeLessThanOrEqualTo(CLIENTS);
		}
	}

	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
	}

	@Test
	@Order(4)
	void clientsWaitWhileAllWorkersAreDead() throws IOException {
		killAll();
	}

	private static void killAll() throws IOException {
		Set<Long> killed = cluster.awaitReplaced(List.of()).pids();
		Processes.signal("KILL", List.copyOf(killed));
		// a process that is about to die may still take a connection with it
		await().atMost(Deadlines.EVENT).until(() -> killed.stream().noneMatch(SupervisionTests::isAlive));
		try (HttpConnection waiting = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			HttpConnection.Reply reply = waiting.get("/");
			assertThat(reply.status()).isEqualTo(200);
			long pid = Long.parseLong(reply.body().replace("Hello from Worker ", ""));
			assertThat(killed).doesNotContain(pid);
		}
		cluster.awaitReplaced(killed);
	}

	@Test
	@Order(5)
	void workersThatAreKilledWhileTheyStartAreReplaced() {
		killStarting(2);
	}

	/**
	 * Kill workers while they start, one after the other.
	 */
	private static void killStarting(int kills) {
		List<Worker> workers = cluster.awaitReplaced(List.of()).workers();
		long survivor = workers.get(0).pid();
		long killed = workers.get(1).pid();
		Processes.signal("KILL", List.of(killed));
		for (int i = 0; i < kills; i++) {
			long starting = awaitOtherThan(survivor, killed);
			// before that it may be the JDK's helper, which becomes the worker
			cluster.awaitLine("pid " + starting + "\\) started", Deadlines.EVENT);
			if (i % 2 == 0) {
				// it has connected to the primary before
				cluster.awaitLine("Starting DemoApplication .* with PID " + starting + " ", Deadlines.EVENT);
			}
			Processes.signal("KILL", List.of(starting));
			killed = starting;
		}
		Worker replacement = cluster.awaitReplaced(List.of(killed)).workers().get(1);
		assertThat(replacement.restarts()).isEqualTo(workers.get(1).restarts() + 1 + kills);
		assertThat(cluster.workerPids()).contains(survivor).hasSize(2);
	}

	private static long awaitOtherThan(long survivor, long killed) {
		return await().atMost(Deadlines.EVENT)
			.pollInterval(Duration.ofMillis(20))
			.until(() -> cluster.workerPids().stream().filter((pid) -> pid != survivor && pid != killed).findFirst(),
					Optional::isPresent)
			.orElseThrow();
	}

	@Test
	@Order(6)
	void deadWorkersLeaveNoDescriptorsInThePrimary() {
		assertNoDescriptorsLeft();
	}

	private static void assertNoDescriptorsLeft() {
		long dead = cluster.output().lines().stream().filter((line) -> line.contains("exited after")).count();
		await().atMost(Deadlines.EVENT)
			.untilAsserted(
					() -> assertThat(Processes.openDescriptors(cluster.pid())).as("descriptors after %d deaths", dead)
						.isEqualTo(descriptors));
		System.out.printf("%d open descriptors before and after %d deaths%n", descriptors, dead);
	}

	@Test
	@Order(7)
	@Tag("full")
	@Timeout(value = 20, unit = TimeUnit.MINUTES)
	void manyDeathsAreLikeFew() throws IOException {
		killUnderLoad(20);
		for (int i = 0; i < 5; i++) {
			killAll();
		}
		killStarting(20);
		assertNoDescriptorsLeft();
	}

}
