package io.clusterboot.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.clusterboot.it.LoadResult.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Each worker listens for itself, where descriptors cannot be passed.
 */
@ExtendWith(PrintOutputOnFailure.class)
class PortSharingTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final String WARNING = "Each worker listens for itself (SO_REUSEPORT), since ";

	private static ClusterProcess.Builder cluster() {
		return ClusterProcess.ports().property("cluster.load-balancing", "kernel");
	}

	private static List<String> warnings(ClusterProcess cluster) {
		return cluster.output().lines().stream().filter((line) -> line.contains(WARNING)).toList();
	}

	/**
	 * A port that the kernel has chosen, and another one for the management, in the hands
	 * of workers that come and go.
	 */
	@Nested
	@Tag("every-server")
	@TestMethodOrder(OrderAnnotation.class)
	class ReusePort {

		private static ClusterProcess cluster;

		private static int port;

		@BeforeAll
		static void start() {
			cluster = cluster().property("cluster.port-sharing", "reuse-port")
				.property("management.server.port", 0)
				.property("cluster.drain.idle-grace", "200ms")
				.property("cluster.reload.probation", "200ms")
				.expectError("A connection to the cluster's socket was refused for its ticket")
				.start();
			cluster.awaitReady();
			port = cluster.port();
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		private static LoadGenerator load() {
			return LoadGenerator.on(port).clients(4).pause(Duration.ofMillis(5)).duration(Duration.ofMinutes(2));
		}

		@Test
		@Order(1)
		void allWorkersAnswerOnOnePort() {
			LoadResult result = LoadGenerator.on(port).clients(1).requests(400).run().assertNoFailures();
			result.assertAnsweredBy(cluster.workerPids());
			// a hash of the client's port, which is a different one each time
			assertThat(result.ratio()).as(result::table).isLessThan(2);
			assertThat(cluster.cluster().listeners()).hasSize(2);
		}

		@Test
		@Order(2)
		void whatIsLostIsSaidOnce() {
			assertThat(warnings(cluster)).singleElement()
				.asString()
				.contains("cluster.port-sharing is 'reuse-port'", "reset", "reload or stop", "hash", "refused")
				.doesNotContain("[worker-");
		}

		@Test
		@Order(3)
		void strangersHaveNoTicket() throws Exception {
			Path socket = PrivateSocketTests.socketOf(cluster.workerPids().get(0));
			try (Stream<Path> files = Files.list(socket.getParent())) {
				assertThat(files.map((file) -> file.getFileName().toString()))
					.noneMatch((file) -> file.startsWith("ticket"));
			}
			PrivateSocketTests.assertTurnedAway(socket, "garbage\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
			await().atMost(TIMEOUT)
				.until(() -> cluster.output().lines().stream().anyMatch((line) -> line.contains("for its ticket")));
			assertThat(cluster.cluster().readyWorkers()).isEqualTo(2);
		}

		@Test
		@Order(4)
		void aKilledWorkerIsReplacedAtTheSamePort() {
			List<Long> workers = cluster.workerPids();
			try (LoadGenerator.Running load = load().start()) {
				load.awaitAnswers(50);
				ClusterProcess.signal("KILL", List.of(workers.get(0)));
				cluster.awaitReplaced(List.of(workers.get(0)));
				load.awaitAnswers(50);
				load.stop().assertNoFailuresBut(Outcome.RESET);
			}
			LoadGenerator.on(port).requests(200).run().assertNoFailures().assertAnsweredBy(cluster.workerPids());
		}

		@Test
		@Order(5)
		void thePortIsKeptWhileThereIsNoWorker() {
			List<Long> workers = cluster.workerPids();
			ClusterProcess.signal("KILL", workers);
			cluster.awaitReplaced(workers);
			LoadGenerator.on(port).requests(200).run().assertNoFailures().assertAnsweredBy(cluster.workerPids());
		}

		@Test
		@Order(6)
		void aReloadCompletesUnderLoad() {
			List<Long> before = cluster.workerPids();
			try (LoadGenerator.Running fresh = load().start();
					LoadGenerator.Running kept = load().keepAlive().start()) {
				fresh.awaitAnswers(50, kept);
				cluster.signal("HUP");
				cluster.awaitReplaced(before);
				fresh.awaitAnswers(50, kept);
				// queues are emptied before they close, so it is a rare one that is lost
				assertThat(fresh.stop().assertNoFailuresBut(Outcome.RESET).count(Outcome.RESET)).isLessThan(10);
				assertThat(kept.stop().assertNoFailuresBut(Outcome.RESET).count(Outcome.RESET)).isLessThan(10);
			}
			assertThat(cluster.cluster().reload().state()).isEqualTo("DONE");
			assertThat(warnings(cluster)).hasSize(1);
		}

		@Test
		@Order(7)
		void theClusterStopsAsAlways() {
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
			assertThat(ClusterProcess.isListening(port)).isFalse();
		}

	}

	@Test
	void withoutTheNativeLibraryThereIsNoOtherWay() throws IOException {
		try (ClusterProcess cluster = cluster().workers(1)
			.jvmOptions("-Dorg.newsclub.net.unix.library.disable=true")
			.start()) {
			cluster.awaitReady();
			LoadGenerator.on(cluster.port()).requests(20).run().assertNoFailures();
			assertThat(warnings(cluster)).singleElement()
				.asString()
				.contains("junixsocket has no native library for this platform, or it cannot be loaded");
		}
	}

	@Test
	void connectionsCannotBePassedOnThen() {
		try (ClusterProcess cluster = cluster().property("cluster.port-sharing", "reuse-port")
			.property("cluster.load-balancing", "round-robin")
			.expectError("LoggingFailureAnalysisReporter")
			.expectError("Application run failed")
			.start()) {
			assertThat(cluster.awaitExit(TIMEOUT)).isNotZero();
			cluster.awaitLine("Invalid value 'round-robin' for configuration property 'cluster.load-balancing'");
			cluster.awaitLine("connections cannot be passed on to workers where each listens for itself");
		}
	}

	/**
	 * It would get into the port of the other one unnoticed.
	 */
	@Test
	void aPortThatAnotherApplicationHasIsInUse() throws IOException {
		try (ServerSocketChannel other = ServerSocketChannel.open()) {
			other.setOption(StandardSocketOptions.SO_REUSEPORT, true);
			other.bind(new InetSocketAddress("127.0.0.1", 0));
			int port = other.socket().getLocalPort();
			try (ClusterProcess cluster = cluster().property("cluster.port-sharing", "reuse-port")
				.property("server.port", port)
				.expectError("LoggingFailureAnalysisReporter")
				.expectError("no worker has been ready yet, so the cluster ends")
				.start()) {
				assertThat(cluster.awaitExit(TIMEOUT)).isNotZero();
				cluster.awaitLine("Web server failed to start. Port " + port + " was already in use");
			}
		}
	}

}
