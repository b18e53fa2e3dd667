package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The primary accepts connections and passes them on. The other tests do the same with
 * {@code -Dtest.load-balancing=round-robin}.
 */
@ExtendWith(PrintOutputOnFailure.class)
class LoadBalancingTests {

	/** Of one worker. The other one gets fewer connections than that in the meantime. */
	private static final int HELD = 12;

	private static ClusterProcessBuilder cluster(String loadBalancing) {
		return ClusterProcess.ports()
			.property("cluster.load-balancing", loadBalancing)
			.property("cluster.rebalance.enabled", false)
			.property("cluster.drain.idle-grace", "200ms");
	}

	/**
	 * Which worker a connection goes to is nothing that a server notices, but what it
	 * does with a connection that was passed on is.
	 */
	@Nested
	@Tag("every-server")
	class RoundRobin extends LosingAndReplacing {

		RoundRobin() {
			super("round-robin");
		}

		@Test
		@Order(0)
		@DisabledIfSystemProperty(named = "test.server", matches = "jetty|netty",
				disabledReason = "whether all threads of the server wait is known of Tomcat")
		void connectionsGoToOneWorkerAfterTheOther() throws IOException {
			ConnectionsInTurn.passedOn(cluster()).assertAlternate(cluster().workerPids());
		}

		@Test
		@Order(0)
		void connectionsLeaveNoDescriptorWithWorkers() {
			LoadGenerator.on(cluster().port()).clients(1).requests(100).run().assertNoFailures();
			List<Integer> descriptors = descriptorsOfWorkers();
			LoadGenerator.on(cluster().port()).clients(1).requests(200).run().assertNoFailures();
			await().atMost(Deadlines.EVENT).until(this::descriptorsOfWorkers, descriptors::equals);
		}

		private List<Integer> descriptorsOfWorkers() {
			return cluster().workerPids().stream().map(LosingAndReplacing::fewestDescriptors).toList();
		}

	}

	@Nested
	class IpHash extends LosingAndReplacing {

		private int index;

		IpHash() {
			super("ip-hash");
		}

		private ClusterView.Worker onlyOneThatAnswers() throws IOException {
			List<Long> pids = ConnectionsInTurn.passedOn(cluster()).answeredBy(20);
			assertThat(Set.copyOf(pids)).hasSize(1);
			return cluster().cluster().worker(pids.get(0));
		}

		@Test
		@Order(0)
		void aClientHasAWorker() throws IOException {
			this.index = onlyOneThatAnswers().index();
		}

		@Test
		@Order(4)
		void aClientGetsTheReplacementOfItsWorker() throws IOException {
			assertThat(onlyOneThatAnswers().index()).isEqualTo(this.index);
		}

	}

	@Nested
	@Tag("full")
	class LeastConnections extends LosingAndReplacing {

		LeastConnections() {
			super("least-connections");
		}

		@Test
		@Order(0)
		void busyWorkersGetNothing(@TempDir Path directory) throws IOException {
			assertBusyWorkersGetNothing(cluster(), directory);
		}

	}

	@Nested
	@Tag("full")
	class LeastLoad extends LosingAndReplacing {

		LeastLoad() {
			super("least-load");
		}

		/**
		 * What workers tell of themselves decides.
		 */
		@Test
		@Order(6)
		void whoIsBusyOrReportsALoadGetsNothing(@TempDir Path directory) throws IOException {
			assertBusyWorkersGetNothing(cluster(), directory);
			assertLoadedWorkersGetNothing(cluster());
		}

	}

	private static void assertBusyWorkersGetNothing(ClusterProcess cluster, Path directory) throws IOException {
		try (HeldRequests requests = new HeldRequests(cluster, directory)) {
			long busy = requests.occupyOne();
			assertThat(ConnectionsInTurn.passedOn(cluster, busy).answeredBy(HELD - 2)).doesNotContain(busy);
		}
	}

	private static void assertLoadedWorkersGetNothing(ClusterProcess cluster) throws IOException {
		long loaded;
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			loaded = connection.get("/report?load=1.5").pid();
		}
		await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().worker(loaded).load().reported() == 1.5);
		assertThat(ConnectionsInTurn.passedOn(cluster).answeredBy(20)).doesNotContain(loaded);
	}

	/**
	 * It fails for every tenth connection. Those, and no others, go to one worker after
	 * the other.
	 */
	@Test
	void anOwnSelectorDecidesAndMayFail() throws IOException {
		try (ClusterProcess cluster = cluster("io.clusterboot.it.app.LastWorker")
			.expectError("LastWorker throws an exception")
			.start()) {
			cluster.awaitReady();
			long first = cluster.cluster().workers().get(0).pid();
			List<Long> pids = ConnectionsInTurn.passedOn(cluster).answeredBy(60);
			assertThat(pids.stream().filter((pid) -> pid == first)).as(pids::toString).hasSize(3);
		}
	}

	@Test
	void whatIsNoStrategyEndsTheStart() {
		try (ClusterProcess cluster = cluster("fastest").expectError("LoggingFailureAnalysisReporter")
			.expectError("Application run failed")
			.start()) {
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isNotZero();
			cluster.awaitLine("cluster.load-balancing must be kernel, round-robin.*but is 'fastest'", Deadlines.EVENT);
		}
	}

	/**
	 * Requests that are not answered before they may be.
	 */
	private static final class HeldRequests implements AutoCloseable {

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
				HttpConnection connection = HttpConnection.open(this.cluster.port(), Deadlines.EVENT);
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
			await().atMost(Deadlines.EVENT).until(() -> isKnown(busy, this.cluster.cluster()));
			return busy;
		}

		/**
		 * The view is what the primary knows. Whoever answers has one connection and one
		 * request for it.
		 */
		private static boolean isKnown(long busy, ClusterView view) {
			return view.workers().stream().allMatch((worker) -> {
				ClusterView.Load load = worker.load();
				return (worker.pid() == busy) ? load.activeRequests() >= HELD && load.connections() >= HELD
						: load.activeRequests() <= 1 && load.connections() <= 1;
			});
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
