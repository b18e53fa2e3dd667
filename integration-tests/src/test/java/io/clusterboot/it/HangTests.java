package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.clusterboot.it.ClusterView.Worker;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Processes that stand still, and requests that do.
 */
@Tag("alone")
@ExtendWith(PrintOutputOnFailure.class)
class HangTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final Duration HEARTBEAT_TIMEOUT = Duration.ofSeconds(2);

	private static long pid(int port) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, TIMEOUT)) {
			return connection.get("/pid").pid();
		}
	}

	/**
	 * Suspend a process. Its threads stop one by one: until the last one has, it may
	 * still accept a connection.
	 */
	private static void suspend(long pid) {
		ClusterProcess.signal("STOP", List.of(pid));
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(10)).until(() -> isSuspended(pid));
	}

	private static boolean isSuspended(long pid) throws IOException {
		try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
			for (Path thread : threads.toList()) {
				String status = Files.readString(thread.resolve("stat"));
				// the name, in parentheses, may contain anything
				if (status.charAt(status.lastIndexOf(')') + 2) != 'T') {
					return false;
				}
			}
			return true;
		}
	}

	/**
	 * Processes that are suspended.
	 */
	@Nested
	@TestMethodOrder(OrderAnnotation.class)
	class Suspended {

		private static final Duration STARTUP_TIMEOUT = Duration.ofSeconds(10);

		@TempDir
		private static Path directory;

		private static ClusterProcess cluster;

		private static Path hang() {
			return directory.resolve("hang");
		}

		@BeforeAll
		static void start() {
			cluster = ClusterProcess.ports()
				.property("app.hang-on-start", hang())
				.property("cluster.startup.timeout", STARTUP_TIMEOUT.toMillis() + "ms")
				.expectError("Reload 1 .*FAILED.*did not become ready")
				.property("cluster.heartbeat.interval", "200ms")
				.property("cluster.heartbeat.timeout", HEARTBEAT_TIMEOUT.toMillis() + "ms")
				.start();
			cluster.awaitReady();
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		private static LoadGenerator load() {
			return LoadGenerator.on(cluster.port()).clients(2).pause(Duration.ofMillis(5));
		}

		@Test
		@Order(1)
		@DisabledIfSystemProperty(named = "test.load-balancing", matches = "(?!kernel$).+",
				disabledReason = "one connection waits for it: LoadBalancingTests")
		void workerSuspendedForAMomentIsNotKilled() throws Exception {
			List<Long> workers = cluster.workerPids();
			long suspended = workers.get(0);
			suspend(suspended);
			try {
				load().duration(Duration.ofSeconds(1))
					.run()
					.assertNoFailures()
					.assertAnsweredBy(List.of(workers.get(1)));
			}
			finally {
				ClusterProcess.signal("CONT", List.of(suspended));
			}
			Pids.assertAllAnswer(workers, () -> pid(cluster.port()));
			load().duration(HEARTBEAT_TIMEOUT).run().assertNoFailures().assertAnsweredBy(workers);
			assertThat(cluster.workerPids()).isEqualTo(workers);
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("killed"));
		}

		@Test
		@Order(2)
		@DisabledIfSystemProperty(named = "test.load-balancing", matches = "(?!kernel$).+",
				disabledReason = "nobody else accepts there")
		void suspendedPrimaryDoesNotBlameItsWorkers() throws Exception {
			List<Long> workers = cluster.workerPids();
			suspend(cluster.pid());
			try {
				LoadGenerator.Running load = load().duration(HEARTBEAT_TIMEOUT.multipliedBy(2)).start();
				try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
					HttpConnection.Reply reply = connection.get("/actuator/cluster");
					assertThat(reply.status()).isEqualTo(503);
					assertThat(reply.body()).contains("answeredBy").contains("error");
				}
				try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
					assertThat(connection.get("/actuator/health").status())
						.as("whoever serves is not taken out of service")
						.isEqualTo(200);
				}
				load.join().assertNoFailures().assertAnsweredBy(workers);
			}
			finally {
				cluster.signal("CONT");
			}
			cluster.awaitReady();
			load().duration(HEARTBEAT_TIMEOUT).run().assertNoFailures().assertAnsweredBy(workers);
			assertThat(cluster.workerPids()).isEqualTo(workers);
			assertThat(cluster.cluster().pids()).isEqualTo(Set.copyOf(workers));
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("killed"));
		}

		@Test
		@Order(3)
		void workerSuspendedForTooLongIsKilledAndReplaced() {
			List<Long> workers = cluster.workerPids();
			long suspended = workers.get(0);
			suspend(suspended);
			try (LoadGenerator.Running load = load().duration(Duration.ofMinutes(2)).start()) {
				cluster.awaitLine("pid %d\\) sent no heartbeat for 2.0 s: killed".formatted(suspended));
				ClusterView after = cluster.awaitReplaced(List.of(suspended));
				load.awaitAnswers(20);
				LoadResult result = load.stop().assertNoFailures();
				assertThat(result.answers()).as(result::table).containsKey(workers.get(1)).doesNotContainKey(suspended);
				Worker replacement = after.workers()
					.stream()
					.filter((worker) -> worker.pid() != workers.get(1))
					.findFirst()
					.orElseThrow();
				assertThat(replacement.restarts()).isEqualTo(1);
				assertThat(replacement.lastExit().signal()).isEqualTo("SIGKILL");
				assertThat(replacement.lastExit().reason()).contains("sent no heartbeat");
			}
		}

		@Test
		@Order(4)
		void replacementThatHangsWhileItStartsEndsTheReloadAndNothingElse() throws IOException {
			List<Long> workers = cluster.workerPids();
			Files.createFile(hang());
			try (LoadGenerator.Running load = load().duration(Duration.ofMinutes(2)).start()) {
				cluster.signal("HUP");
				await().atMost(TIMEOUT).until(() -> "FAILED".equals(cluster.cluster().reload().state()));
				Files.delete(hang());
				load.stop().assertNoFailures().assertAnsweredBy(workers);
			}
			ClusterView.Failure failure = cluster.cluster().reload().failure();
			assertThat(failure.reason()).contains("did not become ready within 10.0 s");
			assertThat(failure.output()).as("ends with the thread dump").hasSize(50);
			assertThat(cluster.workerPids()).isEqualTo(workers);
		}

	}

	@Test
	@DisabledIfSystemProperty(named = "test.server", matches = "netty",
			disabledReason = "requests hold no thread there")
	void stuckRequestIsAnsweredAndItsWorkerReplaced() throws Exception {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("cluster.heartbeat.interval", "200ms")
			.property("cluster.worker.request-timeout", "1s")
			.property("cluster.drain.idle-grace", "500ms")
			.start()) {
			cluster.awaitReady();
			try (LoadGenerator.Running load = LoadGenerator.on(cluster.port())
				.clients(2)
				.pause(Duration.ofMillis(10))
				.duration(Duration.ofMinutes(2))
				.start(); HttpConnection slow = HttpConnection.open(cluster.port(), TIMEOUT)) {
				long stuck = slow.get("/pid").pid();
				int index = cluster.cluster().worker(stuck).index();
				HttpConnection.Reply reply = slow.get("/slow?ms=3000");
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.pid()).isEqualTo(stuck);
				cluster.awaitLine("\\[worker-\\d+\\] .* A request has held thread");
				cluster.awaitLine("\\tat (app//)?io\\.clusterboot\\.it\\.app\\.PortsController\\.slow");
				cluster.awaitLine("pid %d\\) exited".formatted(stuck));
				ClusterView after = cluster.awaitReplaced(List.of(stuck));
				load.awaitAnswers(20);
				load.stop().assertNoFailures();
				Worker replacement = after.workers().get(index);
				assertThat(replacement.index()).isEqualTo(index);
				assertThat(replacement.restarts()).isZero();
				assertInOrder(cluster, "pid %d\\) is ready".formatted(replacement.pid()),
						"pid %d\\) drains".formatted(stuck));
			}
		}
	}

	private static void assertInOrder(ClusterProcess cluster, String first, String second) {
		List<String> events = cluster.output()
			.lines()
			.stream()
			.filter(Pattern.compile(first + "|" + second).asPredicate())
			.toList();
		assertThat(events).hasSize(2);
		assertThat(events.get(0)).containsPattern(first);
		assertThat(events.get(1)).containsPattern(second);
	}

}
