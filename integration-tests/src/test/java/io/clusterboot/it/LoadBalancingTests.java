package io.clusterboot.it;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import io.clusterboot.it.LoadResult.Outcome;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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
	 * Which worker a connection goes to is nothing that a server notices.
	 */
	static Stream<String> strategies() {
		return (TestServer.selected() == TestServer.TOMCAT)
				? Stream.of("round-robin", "least-connections", "least-load", "ip-hash") : Stream.of("round-robin");
	}

	/**
	 * No connection is lost while workers come and go, whoever selects them.
	 */
	@Nested
	@Tag("every-server")
	@TestMethodOrder(OrderAnnotation.class)
	@ParameterizedClass
	@MethodSource("io.clusterboot.it.LoadBalancingTests#strategies")
	class EveryStrategy {

		private static final int CLIENTS = 4;

		private static ClusterProcess cluster;

		private static int descriptors;

		@Parameter
		private String loadBalancing;

		@BeforeParameterizedClassInvocation
		static void start(String loadBalancing) {
			cluster = cluster(loadBalancing).start();
			cluster.awaitReady();
			descriptors = ClusterProcess.openDescriptors(cluster.pid());
		}

		@AfterParameterizedClassInvocation
		static void stop() {
			cluster.close();
		}

		private static LoadGenerator load() {
			return LoadGenerator.on(cluster.port())
				.clients(CLIENTS)
				.pause(Duration.ofMillis(5))
				.duration(Duration.ofMinutes(2));
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

		/**
		 * Of those that come later: what it has accepted already, it has.
		 */
		@Test
		@Order(2)
		void aSuspendedWorkerHoldsUpOneConnectionAtTheMost() throws Exception {
			List<Long> workers = cluster.workerPids();
			try (LoadGenerator.Running before = load().start()) {
				before.awaitAnswers(50);
				ClusterProcess.signal("STOP", List.of(workers.get(0)));
				try (LoadGenerator.Running load = load().start()) {
					try {
						load.awaitAnswers(300);
					}
					finally {
						ClusterProcess.signal("CONT", List.of(workers.get(0)));
					}
					load.awaitAnswers(50, before);
					LoadResult result = load.stop().assertNoFailures();
					if (!this.loadBalancing.equals("ip-hash")) {
						result.assertAnsweredBy(workers);
					}
				}
				before.stop().assertNoFailures();
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
					assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(CLIENTS);
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

		/**
		 * The kernel resets what arrives between the last look into the queue and the
		 * close. In that one moment each client has one connection at the most.
		 */
		@Test
		@Order(7)
		void whatIsAcceptedWhenTheClusterStopsIsAnswered() {
			LoadGenerator.Running load = load().start();
			load.awaitAnswers(50);
			long signalled = System.nanoTime();
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
			LoadResult result = load.stop().assertNoFailuresBut(Outcome.REFUSED, Outcome.RESET);
			result.only((exchange) -> exchange.start() - signalled < 0).assertNoFailures();
			assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(CLIENTS);
		}

	}

	/**
	 * With one client, since a worker that has not acknowledged the connection before is
	 * passed over.
	 */
	@Test
	@Tag("every-server")
	void connectionsAreSpreadEvenly() {
		try (ClusterProcess cluster = cluster("round-robin").start()) {
			cluster.awaitReady();
			LoadGenerator.on(cluster.port()).clients(1).requests(100).run().assertNoFailures();
			List<Integer> descriptors = descriptorsOfWorkers(cluster);
			LoadResult result = LoadGenerator.on(cluster.port()).clients(1).requests(1000).run().assertNoFailures();
			result.assertAnsweredBy(cluster.workerPids());
			assertThat(result.ratio()).as(result::table).isLessThan(1.1);
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(descriptorsOfWorkers(cluster)).isEqualTo(descriptors));
		}
	}

	private static List<Integer> descriptorsOfWorkers(ClusterProcess cluster) {
		return cluster.workerPids().stream().map(ClusterProcess::openDescriptors).toList();
	}

	@ParameterizedTest
	@ValueSource(strings = { "least-connections", "least-load" })
	void busyWorkersGetLess(String loadBalancing, @TempDir Path directory) throws IOException {
		try (ClusterProcess cluster = cluster(loadBalancing).start();
				HeldRequests requests = new HeldRequests(cluster.awaitReady(), directory)) {
			long busy = requests.occupyOne();
			LoadResult result = LoadGenerator.on(cluster.port()).clients(1).requests(200).run().assertNoFailures();
			assertThat(result.answers().getOrDefault(busy, 0L)).as(result::table).isLessThan(20);
		}
	}

	@Test
	void whoReportsALoadGetsLess() throws IOException {
		try (ClusterProcess cluster = cluster("least-load").start()) {
			cluster.awaitReady();
			long loaded;
			try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
				loaded = connection.get("/report?load=1.5").pid();
			}
			await().atMost(TIMEOUT)
				.until(() -> cluster.cluster()
					.workers()
					.stream()
					.anyMatch((worker) -> worker.pid() == loaded && worker.load().reported() == 1.5));
			LoadResult result = LoadGenerator.on(cluster.port()).clients(1).requests(200).run().assertNoFailures();
			assertThat(result.answers().getOrDefault(loaded, 0L)).as(result::table).isLessThan(20);
		}
	}

	@Test
	void aClientKeepsItsWorker() {
		try (ClusterProcess cluster = cluster("ip-hash").start()) {
			cluster.awaitReady();
			ClusterView.Worker own = onlyOneThatAnswers(cluster);
			ClusterProcess.signal("KILL", List.of(own.pid()));
			cluster.awaitReplaced(List.of(own.pid()));
			assertThat(onlyOneThatAnswers(cluster).index()).isEqualTo(own.index());
		}
	}

	private static ClusterView.Worker onlyOneThatAnswers(ClusterProcess cluster) {
		Map<Long, Long> answers = LoadGenerator.on(cluster.port()).requests(100).run().assertNoFailures().answers();
		assertThat(answers).hasSize(1);
		return cluster.cluster().worker(answers.keySet().iterator().next());
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

	/**
	 * Requests that are not answered before they may be.
	 */
	private static final class HeldRequests implements AutoCloseable {

		private static final int HELD = 4;

		private final Map<Long, List<HttpConnection>> byWorker = new TreeMap<>();

		private final ClusterProcess cluster;

		private final Path directory;

		private HeldRequests(ClusterProcess cluster, Path directory) {
			this.cluster = cluster;
			this.directory = directory;
		}

		/**
		 * Have one worker hold several requests, and the other none.
		 * @return the pid of the busy one
		 */
		private long occupyOne() throws IOException {
			while (this.byWorker.values().stream().noneMatch((held) -> held.size() == HELD)) {
				HttpConnection connection = HttpConnection.open(this.cluster.port(), TIMEOUT);
				long pid = connection.get("/pid").pid();
				connection.send("GET", "/hold?name=one&gate=" + gate(pid), new byte[0]);
				this.byWorker.computeIfAbsent(pid, (key) -> new ArrayList<>()).add(connection);
			}
			long busy = this.byWorker.entrySet()
				.stream()
				.filter((held) -> held.getValue().size() == HELD)
				.findFirst()
				.orElseThrow()
				.getKey();
			for (long pid : this.byWorker.keySet()) {
				if (pid != busy) {
					release(pid);
				}
			}
			await().atMost(TIMEOUT)
				.until(() -> this.cluster.cluster().workers().stream().filter((worker) -> worker.pid() != busy),
						(others) -> others.allMatch((other) -> other.load().connections() <= 1));
			return busy;
		}

		private Path gate(long pid) {
			return this.directory.resolve(Long.toString(pid));
		}

		private void release(long pid) throws IOException {
			Files.createFile(gate(pid));
			for (HttpConnection connection : this.byWorker.get(pid)) {
				assertThat(connection.read().pid()).isEqualTo(pid);
				connection.close();
			}
			this.byWorker.get(pid).clear();
		}

		@Override
		public void close() throws IOException {
			for (long pid : this.byWorker.keySet()) {
				if (!this.byWorker.get(pid).isEmpty()) {
					release(pid);
				}
			}
		}

	}

}
