package io.clusterboot.it;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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

	private static final int KILLS = 20;

	private static final int PAIRS_KILLED = 5;

	private static final int STARTS_KILLED = 20;

	private static final int CLIENTS = 2;

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final Duration START_LIMIT = Duration.ofSeconds(90);

	/**
	 * Time that a killed process takes at most to let go of its connections.
	 */
	private static final Duration DEATH = Duration.ofSeconds(2);

	private static ClusterProcess cluster;

	private static int descriptors;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.demo()
			.property("cluster.restart.initial-delay", "50ms")
			.property("cluster.restart.max-delay", "50ms")
			.property("cluster.restart.stable-after", "1s")
			.property("cluster.drain.idle-grace", "500ms")
			.start();
		cluster.awaitReady();
		descriptors = ClusterProcess.openDescriptors(cluster.pid());
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
			.duration(Duration.ofMinutes(5));
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
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
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
			ClusterProcess.signal("TERM", List.of(leaving.pid()));
			cluster.awaitLine("worker-%d \\(.*\\) exited".formatted(leaving.id()));
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
	@Timeout(value = 6, unit = TimeUnit.MINUTES)
	void killedWorkerFailsNothingButItsRequestsInFlight() {
		Map<Integer, Integer> before = restarts();
		List<Kill> kills = new ArrayList<>();
		LoadResult fresh;
		LoadResult kept;
		try (LoadGenerator.Running freshLoad = load().start();
				LoadGenerator.Running keptLoad = load().keepAlive().start()) {
			ClusterView view = cluster.awaitReplaced(List.of());
			for (int i = 0; i < KILLS; i++) {
				freshLoad.awaitAnswers(20, keptLoad);
				Worker victim = view.workers().get(i % 2);
				kills.add(Kill.of(victim.pid()));
				view = cluster.awaitReplaced(List.of(victim.pid()));
				Worker replacement = view.workers().get(i % 2);
				assertThat(replacement.index()).isEqualTo(victim.index());
				assertThat(replacement.restarts()).isEqualTo(victim.restarts() + 1);
				assertThat(replacement.lastExit().code()).isEqualTo(137);
				assertThat(replacement.lastExit().signal()).isEqualTo("SIGKILL");
			}
			fresh = freshLoad.stop();
			kept = keptLoad.stop();
		}
		System.out.printf("%d kills, one connection per request: %s%n", KILLS, fresh.table());
		System.out.printf("%d kills, kept-alive connections: %s%n", KILLS, kept.table());
		before.forEach((index, restarts) -> assertThat(restarts()).containsEntry(index, restarts + KILLS / 2));
		fresh.assertNoFailuresBut(Outcome.RESET);
		kept.assertNoFailuresBut(Outcome.RESET);
		assertThat(failures(fresh)).as(fresh::table)
			.allMatch((failure) -> kills.stream().anyMatch((kill) -> kill.cut(failure)));
		assertThat(failures(kept)).as(kept::table)
			.allMatch((failure) -> kills.stream()
				.anyMatch((kill) -> (failure.fresh()) ? kill.cut(failure) : kill.ended(failure)));
		for (Kill kill : kills) {
			// a client has one request in flight, so the survivor's share cannot hide in
			// it
			assertThat(failures(fresh)).as(fresh::table).filteredOn(kill::cut).hasSizeLessThanOrEqualTo(CLIENTS);
			assertThat(failures(kept)).as(kept::table).filteredOn(kill::ended).hasSizeLessThanOrEqualTo(CLIENTS);
		}
	}

	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
	}

	private static List<Exchange> failures(LoadResult result) {
		return result.only((exchange) -> exchange.outcome() != Outcome.OK).exchanges();
	}

	@Test
	@Order(4)
	@Timeout(value = 6, unit = TimeUnit.MINUTES)
	void clientsWaitWhileAllWorkersAreDead() throws IOException {
		for (int i = 0; i < PAIRS_KILLED; i++) {
			Set<Long> killed = cluster.awaitReplaced(List.of()).pids();
			ClusterProcess.signal("KILL", List.copyOf(killed));
			// a process that is about to die may still take a connection with it
			await().atMost(TIMEOUT).until(() -> killed.stream().noneMatch(SupervisionTests::isAlive));
			try (HttpConnection waiting = HttpConnection.open(cluster.port(), START_LIMIT)) {
				HttpConnection.Reply reply = waiting.get("/");
				assertThat(reply.status()).isEqualTo(200);
				long pid = Long.parseLong(reply.body().replace("Hello from Worker ", ""));
				assertThat(killed).doesNotContain(pid);
			}
			cluster.awaitReplaced(killed);
		}
	}

	@Test
	@Order(5)
	void workersThatAreKilledWhileTheyStartAreReplaced() {
		List<Worker> workers = cluster.awaitReplaced(List.of()).workers();
		long survivor = workers.get(0).pid();
		long killed = workers.get(1).pid();
		ClusterProcess.signal("KILL", List.of(killed));
		for (int i = 0; i < STARTS_KILLED; i++) {
			long starting = awaitOtherThan(survivor, killed);
			// before that it may be the JDK's helper, which becomes the worker
			cluster.awaitLine("pid " + starting + "\\) started");
			if (i % 2 == 0) {
				// it has connected to the primary before
				cluster.awaitLine("Starting DemoApplication .* with PID " + starting + " ");
			}
			ClusterProcess.signal("KILL", List.of(starting));
			killed = starting;
		}
		Worker replacement = cluster.awaitReplaced(List.of(killed)).workers().get(1);
		assertThat(replacement.restarts()).isEqualTo(workers.get(1).restarts() + 1 + STARTS_KILLED);
		assertThat(cluster.workerPids()).contains(survivor).hasSize(2);
	}

	private static long awaitOtherThan(long survivor, long killed) {
		return await().atMost(TIMEOUT)
			.pollInterval(Duration.ofMillis(20))
			.until(() -> cluster.workerPids().stream().filter((pid) -> pid != survivor && pid != killed).findFirst(),
					Optional::isPresent)
			.orElseThrow();
	}

	@Test
	@Order(6)
	void deadWorkersLeaveNoDescriptorsInThePrimary() {
		long dead = count("exited after");
		assertThat(dead).isGreaterThanOrEqualTo(KILLS + 2 * PAIRS_KILLED + STARTS_KILLED);
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(ClusterProcess.openDescriptors(cluster.pid()))
				.as("descriptors after %d deaths", dead)
				.isEqualTo(descriptors));
		System.out.printf("%d open descriptors before and after %d deaths%n", descriptors, dead);
	}

	private static long count(String text) {
		return cluster.output().lines().stream().filter((line) -> line.contains(text)).count();
	}

	/**
	 * The end of a worker.
	 *
	 * @param pid its process
	 * @param start when it was not killed yet
	 * @param end when it was dead
	 */
	private record Kill(long pid, long start, long end) {

		static Kill of(long pid) {
			long start = System.nanoTime();
			ClusterProcess.signal("KILL", List.of(pid));
			await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(10)).until(() -> !isAlive(pid));
			return new Kill(pid, start, System.nanoTime());
		}

		/**
		 * Whether a request can have been in flight on this worker, which accepts nothing
		 * any more once it is dead.
		 */
		boolean cut(Exchange failure) {
			return failure.start() - this.end < 0 && isInTime(failure);
		}

		/**
		 * Whether a request was sent on one of this worker's connections before the
		 * client could know that it is dead.
		 */
		boolean ended(Exchange failure) {
			return failure.peer() == this.pid && isInTime(failure);
		}

		private boolean isInTime(Exchange failure) {
			return failure.end() - this.start > 0 && failure.end() - this.end < DEATH.toNanos();
		}

	}

}
