package io.clusterboot.it;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
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
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Each worker listens for itself, where descriptors cannot be passed.
 */
@ExtendWith(PrintOutputOnFailure.class)
class PortSharingTests {

	private static final String WARNING = "Each worker listens for itself (SO_REUSEPORT), since ";

	private static ClusterProcessBuilder cluster() {
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
	@Tag("full")
	@DisabledIfSystemProperty(named = "test.load-balancing", matches = "round-robin",
			disabledReason = "connections cannot be passed on to workers that listen for themselves")
	@TestMethodOrder(OrderAnnotation.class)
	class ReusePort {

		/**
		 * Each has one connection at a time, so a queue that is closed has no more than
		 * one of each.
		 */
		private static final int CLIENTS = 4;

		@TempDir
		private static Path directory;

		private static ClusterProcess cluster;

		private static int port;

		/** Replacements do not become ready while it does not exist. */
		private static Path startGate;

		@BeforeAll
		static void start() throws IOException {
			startGate = Files.createFile(directory.resolve("start"));
			cluster = cluster().property("cluster.port-sharing", "reuse-port")
				.property("management.server.port", 0)
				.property("app.start-gate", startGate)
				// nobody is to be killed for being slow
				.property("cluster.heartbeat.timeout", "10m")
				.property("cluster.startup.timeout", "10m")
				// clients that keep their connections leave when they are told to
				.property("cluster.drain.idle-grace", "5m")
				.property("cluster.drain.timeout", "5m")
				.property("cluster.shutdown.timeout", "10m")
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
			return LoadGenerator.on(port).clients(CLIENTS).pause(Duration.ofMillis(30));
		}

		/**
		 * The kernel takes a hash of the client's port, which is a different one each
		 * time. Of 400 that go to one of two by chance, fewer than 140 go to either once
		 * in a billion times: the standard deviation is 10.
		 */
		@Test
		@Order(1)
		@Tag("every-server")
		void allWorkersAnswerOnOnePort() {
			awaitAnsweredByAll();
			LoadResult result = LoadGenerator.on(port).clients(1).requests(400).run().assertNoFailures();
			result.assertAnsweredBy(cluster.workerPids());
			assertThat(result.answers().values()).as(result::table).allMatch((count) -> count >= 140);
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
			await().atMost(Deadlines.EVENT)
				.until(() -> cluster.output().lines().stream().anyMatch((line) -> line.contains("for its ticket")));
			assertThat(cluster.cluster().readyWorkers()).isEqualTo(2);
		}

		/**
		 * While no worker is ready clients are refused, and nobody else gets the port.
		 */
		@Test
		@Order(4)
		void killedWorkersAreReplacedAtTheSamePort() throws IOException {
			List<Long> workers = cluster.workerPids();
			Files.delete(startGate);
			try (LoadGenerator.Running load = load().start()) {
				load.awaitAnswers(50);
				Processes.signal("KILL", List.of(workers.get(0)));
				load.awaitAnswers(50);
				LoadResult result = load.stop().assertNoFailuresBut(Outcome.RESET);
				assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(CLIENTS);
			}
			finally {
				Processes.signal("KILL", List.of(workers.get(1)));
			}
			await().atMost(Deadlines.EVENT).until(() -> !Ports.isListening(port));
			assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new Socket("127.0.0.1", port).close());
			assertThatExceptionOfType(BindException.class)
				.isThrownBy(() -> new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1")).close());
			Files.createFile(startGate);
			cluster.awaitReplaced(workers);
			awaitAnsweredByAll();
		}

		/**
		 * A worker that is ready may not listen yet.
		 */
		private static void awaitAnsweredByAll() {
			try (LoadGenerator.Running load = load().start()) {
				load.awaitAnsweredBy(cluster.workerPids()).stop().assertNoFailures();
			}
		}

		/**
		 * Two queues are closed. They are emptied before, so what is lost has come in the
		 * very moment, and is the first of its connection.
		 */
		@Test
		@Order(6)
		@Tag("every-server")
		void aReloadCompletesUnderLoad() {
			List<Long> before = cluster.workerPids();
			try (LoadGenerator.Running fresh = load().start();
					LoadGenerator.Running kept = load().keepAlive().start()) {
				fresh.awaitAnswers(50, kept);
				cluster.signal("HUP");
				cluster.awaitReplaced(before);
				fresh.awaitAnswers(50, kept);
				assertFewWereLost(fresh.stop(), before.size());
				assertFewWereLost(kept.stop(), before.size());
			}
			await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().reload().state(), "DONE"::equals);
			assertThat(warnings(cluster)).hasSize(1);
		}

		private static void assertFewWereLost(LoadResult result, int queues) {
			result.assertNoFailuresBut(Outcome.RESET).only((exchange) -> !exchange.fresh()).assertNoFailures();
			assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(queues * CLIENTS);
		}

		@Test
		@Order(7)
		void theClusterStopsAsAlways() {
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(143);
			assertThat(Ports.isListening(port)).isFalse();
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
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isNotZero();
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
				assertThat(cluster.awaitExit(Deadlines.EVENT)).isNotZero();
				cluster.awaitLine("Web server failed to start. Port " + port + " was already in use");
			}
		}
	}

}
