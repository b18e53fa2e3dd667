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
 * Processes that stand still, and requests that do. For how long they may is what
 * {@code SupervisorHangTests} are about.
 */
@ExtendWith(PrintOutputOnFailure.class)
class HangTests {

	private static long pid(int port) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			return connection.get("/pid").pid();
		}
	}

	private static LoadGenerator load(ClusterProcess cluster) {
		return LoadGenerator.on(cluster.port())
			.clients(2)
			.pause(Duration.ofMillis(30))
			.timeout(Deadlines.EVENT)
			.duration(Deadlines.EVENT);
	}

	/**
	 * Suspend a process. Its threads stop one by one: until the last one has, it may
	 * still accept a connection.
	 */
	private static void suspend(long pid) {
		Processes.signal("STOP", List.of(pid));
		await().atMost(Deadlines.EVENT).pollInterval(Duration.ofMillis(10)).until(() -> isSuspended(pid));
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
	 * What stands still for a while and goes on.
	 */
	@Nested
	@TestMethodOrder(OrderAnnotation.class)
	class ForAWhile {

		@TempDir
		private static Path directory;

		private static ClusterProcess cluster;

		@BeforeAll
		static void start() {
			cluster = ClusterProcess.ports()
				.property("cluster.heartbeat.interval", "200ms")
				.property("cluster.heartbeat.timeout", "10m")
				// longer than any other request takes, however busy the machine is
				.property("cluster.worker.request-timeout", "10s")
				.property("cluster.link.reply-timeout", "5s")
				.property("cluster.reload.probation", "200ms")
				.property("cluster.drain.idle-grace", "200ms")
				.start();
			cluster.awaitReady();
		}

		@AfterAll
		static void stop() {
			cluster.close();
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
				load(cluster).requests(200).run().assertNoFailures().assertAnsweredBy(List.of(workers.get(1)));
			}
			finally {
				Processes.signal("CONT", List.of(suspended));
			}
			Pids.assertAllAnswer(workers, () -> pid(cluster.port()));
			assertThat(cluster.workerPids()).isEqualTo(workers);
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("killed"));
		}

		@Test
		@Order(2)
		@DisabledIfSystemProperty(named = "test.load-balancing", matches = "(?!kernel$).+",
				disabledReason = "nobody else accepts there")
		void workersServeWhileThePrimaryIsSuspended() throws Exception {
			List<Long> workers = cluster.workerPids();
			suspend(cluster.pid());
			try (LoadGenerator.Running load = load(cluster).start()) {
				try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
					HttpConnection.Reply reply = connection.get("/actuator/cluster");
					assertThat(reply.status()).isEqualTo(503);
					assertThat(reply.body()).contains("answeredBy").contains("error");
				}
				try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
					assertThat(connection.get("/actuator/health").status())
						.as("whoever serves is not taken out of service")
						.isEqualTo(200);
				}
				await().atMost(Deadlines.EVENT).until(() -> load.answeredBy().containsAll(workers));
				load.stop().assertNoFailures().assertAnsweredBy(workers);
			}
			finally {
				cluster.signal("CONT");
			}
			cluster.awaitReady();
			assertThat(cluster.cluster().pids()).isEqualTo(Set.copyOf(workers));
			load(cluster).requests(100).run().assertNoFailures().assertAnsweredBy(workers);
			assertThat(cluster.workerPids()).isEqualTo(workers);
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("killed"));
		}

		@Test
		@Order(3)
		@DisabledIfSystemProperty(named = "test.server", matches = "netty",
				disabledReason = "requests hold no thread there")
		void stuckRequestIsAnsweredAndItsWorkerReplaced() throws Exception {
			Path gate = directory.resolve("gate");
			try (LoadGenerator.Running load = load(cluster).start();
					HttpConnection slow = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
				long stuck = slow.get("/pid").pid();
				int index = cluster.cluster().worker(stuck).index();
				slow.send("GET", "/hold?name=stuck&gate=" + gate, new byte[0]);
				cluster.awaitLine("\\[worker-\\d+\\] .* A request has held thread", Deadlines.EVENT);
				cluster.awaitLine("\\tat (app//)?io\\.clusterboot\\.it\\.app\\.PortsController\\.hold",
						Deadlines.EVENT);
				Files.createFile(gate);
				HttpConnection.Reply reply = slow.read();
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.pid()).isEqualTo(stuck);
				cluster.awaitLine("pid %d\\) exited".formatted(stuck), Deadlines.EVENT);
				ClusterView after = cluster.awaitReplaced(List.of(stuck));
				load.awaitAnswers(20);
				load.stop().assertNoFailures();
				Worker replacement = after.workers().get(index);
				assertThat(replacement.index()).isEqualTo(index);
				assertThat(replacement.restarts()).isZero();
				assertInOrder("pid %d\\) is ready".formatted(replacement.pid()), "pid %d\\) drains".formatted(stuck));
			}
		}

		private static void assertInOrder(String first, String second) {
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

	/**
	 * The time-out is one that a worker which runs does not reach, however busy the
	 * machine is.
	 */
	@Test
	void workerSuspendedForTooLongIsKilledAndReplaced() throws Exception {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("cluster.heartbeat.interval", "200ms")
			.property("cluster.heartbeat.timeout", "10s")
			.start()) {
			long suspended = cluster.awaitReady().workerPids().get(0);
			suspend(suspended);
			try (HttpConnection waiting = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
				waiting.send("GET", "/pid", new byte[0]);
				cluster.awaitLine("pid %d\\) sent no heartbeat for 10.0 s: killed".formatted(suspended),
						Deadlines.EVENT);
				Worker replacement = cluster.awaitReplaced(List.of(suspended)).workers().get(0);
				assertThat(waiting.read().pid()).as("who answers what has waited").isEqualTo(replacement.pid());
				assertThat(replacement.index()).isZero();
				assertThat(replacement.restarts()).isOne();
				assertThat(replacement.lastExit().signal()).isEqualTo("SIGKILL");
				assertThat(replacement.lastExit().reason()).contains("sent no heartbeat");
			}
		}
	}

	@Test
	@Tag("full")
	void replacementThatHangsWhileItStartsEndsTheReloadAndNothingElse(@TempDir Path directory) throws IOException {
		Path hang = directory.resolve("hang");
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("app.hang-on-start", hang)
			.property("cluster.startup.timeout", "30s")
			.expectError("Reload 1 .*FAILED.*did not become ready")
			.start()) {
			List<Long> workers = cluster.awaitReady().workerPids();
			Files.createFile(hang);
			try (LoadGenerator.Running load = load(cluster).start()) {
				cluster.signal("HUP");
				await().atMost(Deadlines.EVENT).until(() -> "FAILED".equals(cluster.cluster().reload().state()));
				Files.delete(hang);
				load.stop().assertNoFailures().assertAnsweredBy(workers);
			}
			ClusterView.Failure failure = cluster.cluster().reload().failure();
			assertThat(failure.reason()).contains("did not become ready within 30.0 s");
			assertThat(failure.output()).as("ends with the thread dump").hasSize(50);
			assertThat(cluster.workerPids()).isEqualTo(workers);
		}
	}

}
