package io.clusterboot.it;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The primary accepts connections and passes them on. The other tests do the same with
 * {@code -Dtest.load-balancing=round-robin}.
 */
@ExtendWith(PrintOutputOnFailure.class)
class LoadBalancingTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static ClusterProcess.Builder cluster(String loadBalancing) {
		return ClusterProcess.ports()
			.property("cluster.load-balancing", loadBalancing)
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.reload.probation", "200ms");
	}

	/**
	 * One worker after the other, while workers come and go.
	 */
	@Nested
	@Tag("every-server")
	@TestMethodOrder(OrderAnnotation.class)
	class RoundRobin {

		private static ClusterProcess cluster;

		private static int descriptors;

		@BeforeAll
		static void start() {
			cluster = cluster("round-robin").start();
			cluster.awaitReady();
			descriptors = ClusterProcess.openDescriptors(cluster.pid());
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		private static LoadGenerator load() {
			return LoadGenerator.on(cluster.port())
				.clients(4)
				.pause(Duration.ofMillis(5))
				.duration(Duration.ofMinutes(2));
		}

		@Test
		@Order(1)
		void connectionsAreSpreadEvenly() {
			LoadResult result = LoadGenerator.on(cluster.port()).requests(1000).run().assertNoFailures();
			result.assertAnsweredBy(cluster.workerPids());
			assertThat(result.ratio()).as(result::table).isLessThan(1.3);
		}

		@Test
		@Order(1)
		void clientsThatLeaveAtOnceHoldNobodyUp() throws IOException {
			long begin = System.nanoTime();
			for (int i = 0; i < 100; i++) {
				try (Socket client = new Socket("127.0.0.1", cluster.port())) {
					client.setSoLinger(true, 0);
				}
				LoadGenerator.on(cluster.port()).clients(1).requests(1).run().assertNoFailures();
			}
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(TIMEOUT);
		}

		@Test
		@Order(2)
		void aSuspendedWorkerHoldsUpOneConnectionAtTheMost() throws Exception {
			List<Long> workers = cluster.workerPids();
			try (LoadGenerator.Running load = load().start()) {
				load.awaitAnswers(50);
				ClusterProcess.signal("STOP", List.of(workers.get(0)));
				try {
					load.awaitAnswers(300);
				}
				finally {
					ClusterProcess.signal("CONT", List.of(workers.get(0)));
				}
				load.awaitAnswers(50);
				LoadResult result = load.stop().assertNoFailures();
				result.assertAnsweredBy(workers);
			}
		}

		@Test
		@Order(3)
		void aKilledWorkerFailsNothingButItsRequestsInFlight() {
			for (int i = 0; i < 3; i++) {
				List<Long> workers = cluster.workerPids();
				try (LoadGenerator.Running load = load().start()) {
					load.awaitAnswers(50);
					ClusterProcess.signal("KILL", List.of(workers.get(i % 2)));
					cluster.awaitReplaced(List.of(workers.get(i % 2)));
					load.awaitAnswers(50);
					LoadResult result = load.stop().assertNoFailuresBut(Outcome.RESET);
					assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(4);
				}
			}
		}

		@Test
		@Order(4)
		void connectionsWaitWhileAllWorkersAreDead() throws IOException {
			List<Long> workers = cluster.workerPids();
			ClusterProcess.signal("KILL", workers);
			try (HttpConnection connection = HttpConnection.open(cluster.port(), Duration.ofSeconds(60))) {
				assertThat(connection.get("/pid").pid()).isNotIn(workers);
			}
			cluster.awaitReplaced(workers);
		}

		@Test
		@Order(5)
		void aReloadUnderLoadLosesNothing() {
			List<Long> before = cluster.workerPids();
			try (LoadGenerator.Running fresh = load().start();
					LoadGenerator.Running kept = load().keepAlive().start()) {
				fresh.awaitAnswers(50, kept);
				cluster.signal("HUP");
				ClusterView after = cluster.awaitReplaced(before);
				fresh.awaitAnswers(50, kept);
				fresh.stop().assertNoFailures();
				kept.stop().assertNoFailures();
				assertThat(after.pids()).doesNotContainAnyElementsOf(before);
			}
		}

		@Test
		@Order(6)
		void noDescriptorIsLeft() {
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(ClusterProcess.openDescriptors(cluster.pid())).isEqualTo(descriptors));
		}

		@Test
		@Order(7)
		void whatIsAcceptedWhenTheClusterStopsIsAnswered() {
			LoadGenerator.Running load = load().start();
			load.awaitAnswers(50);
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
			load.stop().assertNoFailuresBut(Outcome.REFUSED);
		}

	}

	@ParameterizedTest
	@ValueSource(strings = { "least-connections", "least-load" })
	void busyWorkersGetLess(String loadBalancing) {
		try (ClusterProcess cluster = cluster(loadBalancing).start()) {
			cluster.awaitReady();
			LoadResult result = LoadGenerator.on(cluster.port()).requests(400).run().assertNoFailures();
			result.assertAnsweredBy(cluster.workerPids());
			assertThat(result.ratio()).as(result::table).isLessThan(3);
		}
	}

	@Test
	@Tag("every-server")
	void aWorkerThatHasAllTheConnectionsItMayHaveDeclines() throws IOException {
		List<HttpConnection> kept = new ArrayList<>();
		try (ClusterProcess cluster = cluster("round-robin").property("server.tomcat.max-connections", 2)
			.property("server.jetty.max-connections", 2)
			.property("management.server.port", 0)
			.start()) {
			cluster.awaitReady();
			for (int i = 0; i < 4; i++) {
				HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
				kept.add(connection);
				assertThat(connection.get("/pid").status()).isEqualTo(200);
			}
			try (HttpConnection fifth = HttpConnection.open(cluster.port(), TIMEOUT)) {
				fifth.send("GET", "/pid", new byte[0]);
				assertThat(fifth.isAnswered(Duration.ofMillis(500))).isFalse();
				kept.get(0).close();
				assertThat(fifth.read().status()).isEqualTo(200);
			}
		}
		finally {
			for (HttpConnection connection : kept) {
				connection.close();
			}
		}
	}

	@Test
	void aClientKeepsItsWorker() {
		try (ClusterProcess cluster = cluster("ip-hash").start()) {
			cluster.awaitReady();
			Map<Long, Long> answers = LoadGenerator.on(cluster.port()).requests(100).run().assertNoFailures().answers();
			assertThat(answers).hasSize(1);
			long own = answers.keySet().iterator().next();
			ClusterProcess.signal("KILL", List.of(own));
			cluster.awaitReplaced(List.of(own));
			LoadGenerator.on(cluster.port()).requests(50).run().assertNoFailures();
		}
	}

	@Test
	void anOwnSelectorDecidesAndMayFail() {
		try (ClusterProcess cluster = cluster("io.clusterboot.it.app.LastWorker")
			.expectError("LastWorker throws an exception")
			.start()) {
			cluster.awaitReady();
			long last = cluster.cluster().workers().get(1).pid();
			LoadResult result = LoadGenerator.on(cluster.port()).clients(1).requests(200).run().assertNoFailures();
			assertThat(result.answers().get(last)).as(result::table).isGreaterThan(150);
		}
	}

	@Test
	void whatIsNoStrategyEndsTheStart() {
		try (ClusterProcess cluster = cluster("fastest").expectError("LoggingFailureAnalysisReporter")
			.expectError("Application run failed")
			.start()) {
			assertThat(cluster.awaitExit(TIMEOUT)).isNotZero();
			cluster.awaitLine("cluster.load-balancing must be kernel, round-robin.*but is 'fastest'");
		}
	}

}
