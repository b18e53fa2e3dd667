package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.clusterboot.it.HttpConnection.Reply;
import io.clusterboot.it.LoadResult.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Connections move to other workers, and their clients do not notice.
 */
@ExtendWith(PrintOutputOnFailure.class)
@DisabledIfSystemProperty(named = "test.server", matches = "jetty|netty", disabledReason = "connections stay there")
class HandOverTests {

	private static final Duration TIMEOUT = Deadlines.EVENT;

	/** So few that workers can start beside them. */
	private static final int BUSY = 2;

	private static ClusterProcess cluster;

	private final List<HttpConnection> connections = new ArrayList<>();

	@TempDir
	private static Path accessLogs;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.property("server.tomcat.accesslog.enabled", true)
			.property("server.tomcat.accesslog.buffered", false)
			.property("server.tomcat.accesslog.directory", accessLogs)
			.property("server.tomcat.accesslog.prefix", "worker-${io.clusterboot.worker.id}")
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.rebalance.rate", 1000)
			.property("cluster.heartbeat.timeout", "15m")
			.property("cluster.drain.timeout", "10m")
			.property("cluster.shutdown.timeout", "15m")
			.start();
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	@AfterEach
	void closeConnections() {
		this.connections.forEach(HttpConnection::closeQuietly);
		this.connections.clear();
	}

	private HttpConnection connect() throws IOException {
		HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
		this.connections.add(connection);
		return connection;
	}

	/**
	 * Have all workers replaced and wait until they are gone.
	 */
	private static Set<Long> replaceAll() {
		Set<Long> former = cluster.cluster().pids();
		List<Integer> ids = cluster.cluster().workers().stream().map(ClusterView.Worker::id).toList();
		Processes.signal("TERM", List.copyOf(former));
		ids.forEach((id) -> cluster.awaitLine("worker-%d \\(.*\\) exited after".formatted(id), TIMEOUT));
		return cluster.awaitReplaced(former).pids();
	}

	@Test
	void idleConnectionsGoOnWithAnotherWorker() throws IOException {
		for (int i = 0; i < 50; i++) {
			assertThat(connect().get("/pid").closes()).isFalse();
		}
		for (int i = 0; i < 10; i++) {
			connect();
		}
		for (int round = 0; round < 2; round++) {
			Set<Long> successors = replaceAll();
			Set<Long> answered = new HashSet<>();
			for (HttpConnection connection : this.connections) {
				Reply reply = connection.post("/upload", new byte[1000]);
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.closes()).isFalse();
				answered.add(connection.get("/pid").pid());
			}
			assertThat(answered).isEqualTo(successors);
		}
	}

	@Test
	void busyConnectionsMoveAtTheEndOfTheirResponse() {
		LoadGenerator.Running load = LoadGenerator.on(cluster.port())
			.get("/pid?busy", "^(\\d+)$")
			.clients(BUSY)
			.keepAlive()
			.pause(Duration.ofMillis(3))
			.duration(TIMEOUT.multipliedBy(2))
			.start();
		try {
			load.awaitAnswers(100);
			Set<Long> successors = replaceAll();
			load.awaitAnswers(100);
			LoadResult result = load.stop();
			result.assertNoFailures();
			assertThat(result.exchanges()).as("first requests of their connections")
				.filteredOn(Exchange::fresh)
				.hasSize(BUSY);
			assertThat(result.exchanges()).as("last requests of their connections").noneMatch(Exchange::closes);
			assertAnsweredAtTheEndBy(result, successors);
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(logged("/pid?busy")).hasSameSizeAs(result.exchanges()));
		}
		finally {
			load.close();
		}
	}

	private static List<String> logged(String path) throws IOException {
		List<String> lines = new ArrayList<>();
		try (DirectoryStream<Path> files = Files.newDirectoryStream(accessLogs)) {
			for (Path file : files) {
				lines.addAll(Files.readAllLines(file));
			}
		}
		lines.removeIf((line) -> !line.contains(path));
		return lines;
	}

	/**
	 * Two connections are so few that none moves only to be spread.
	 */
	@Test
	void whatADeadWorkerWasHandedGoesToAnother() throws IOException {
		List<ClusterView.Worker> workers = cluster.awaitReplaced(List.of()).workers();
		ClusterView.Worker leaving = workers.get(0);
		ClusterView.Worker stopped = workers.get(1);
		while (this.connections.size() < 2) {
			connectTo(leaving.pid());
		}
		Set<HttpConnection> waiting = new HashSet<>();
		Processes.signal("STOP", List.of(stopped.pid()));
		try {
			Processes.signal("TERM", List.of(leaving.pid()));
			// Not asked for the cluster: such connections would move too. That an answer
			// does not come can only be waited for: if it is late, this test looks at
			// less than it means to, and does not fail.
			await().atMost(TIMEOUT)
				.during(Duration.ofMillis(500))
				.pollInterval(Duration.ofMillis(50))
				.until(() -> waiting(leaving.pid(), waiting) == 1);
		}
		finally {
			Processes.signal("KILL", List.of(stopped.pid()));
		}
		assertThat(waiting).hasSize(1);
		for (HttpConnection connection : waiting) {
			assertThat(connection.read().status()).isEqualTo(200);
		}
		Set<Long> successors = cluster.awaitReplaced(List.of(leaving.pid(), stopped.pid())).pids();
		assertThat(successors).containsAll(spread().keySet());
	}

	private void connectTo(long pid) throws IOException {
		HttpConnection connection = connect();
		if (connection.get("/pid").pid() != pid) {
			this.connections.remove(connection);
			connection.close();
		}
	}

	/**
	 * Ask all that do not wait for an answer.
	 * @return the number of those that wait, or -1 while a worker answers that leaves
	 */
	private int waiting(long leaving, Set<HttpConnection> waiting) throws IOException {
		boolean left = true;
		for (HttpConnection connection : this.connections) {
			if (waiting.add(connection)) {
				connection.send("GET", "/pid", new byte[0]);
			}
			if (connection.isAnswered(Duration.ofMillis(50))) {
				Reply reply = connection.read();
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.closes()).isFalse();
				left &= reply.pid() != leaving;
				waiting.remove(connection);
			}
		}
		return left ? waiting.size() : -1;
	}

	private static void assertAnsweredAtTheEndBy(LoadResult result, Collection<Long> pids) {
		List<Exchange> all = result.exchanges();
		assertThat(all.subList(all.size() - 50, all.size())).allMatch((exchange) -> pids.contains(exchange.pid()));
	}

	@Test
	void connectionsAreSpreadEvenlyAfterAReload() throws IOException {
		for (int i = 0; i < 200; i++) {
			connect().get("/pid");
		}
		Operations.Answer answer = new Operations(cluster).post("reload?wait=3m");
		assertThat(answer.status()).as(answer::body).isEqualTo(200);
		Map<Long, Long> before = spread();
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(spread().values()).hasSize(2).allMatch((count) -> count >= 85));
		System.out.printf("200 kept-alive connections after a reload: %s, after rebalancing: %s%n", before, spread());
	}

	private Map<Long, Long> spread() {
		return this.connections.stream().map((connection) -> {
			try {
				return connection.get("/pid").pid();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}).collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
	}

	@Test
	@Tag("full")
	void manyIdleConnectionsGoOnWithAnotherWorker() throws IOException {
		ClusterView.Worker victim = cluster.awaitReplaced(List.of()).workers().get(0);
		for (int accepted = 0; accepted < 1000;) {
			accepted += (connect().get("/pid").pid() == victim.pid()) ? 1 : 0;
		}
		Processes.signal("TERM", List.of(victim.pid()));
		cluster.awaitLine("worker-%d \\(.*\\) exited after".formatted(victim.id()), TIMEOUT);
		Map<Long, Long> after = spread();
		assertThat(after).doesNotContainKey(victim.pid());
		assertThat(after.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(this.connections.size());
	}

	/**
	 * What a connection takes along is tested with clocks and in one process. Here it
	 * goes through a real primary.
	 */
	@Test
	@Tag("full")
	void theNumberOfRequestsOfAConnectionMovesAlong() throws IOException {
		try (ClusterProcess single = ClusterProcess.ports()
			.workers(1)
			.property("server.tomcat.max-keep-alive-requests", 10)
			.property("server.tomcat.keep-alive-timeout", "10m")
			.property("cluster.drain.timeout", "10m")
			.start()) {
			single.awaitReady();
			try (HttpConnection counted = HttpConnection.open(single.port(), TIMEOUT)) {
				long former = counted.get("/pid").pid();
				Processes.signal("TERM", List.of(former));
				single.awaitLine("worker-1 \\(.*\\) exited after", TIMEOUT);
				for (int request = 2; request <= 10; request++) {
					Reply reply = counted.get("/pid");
					assertThat(reply.pid()).isNotEqualTo(former);
					assertThat(reply.closes()).as("Request %d is the last one", request).isEqualTo(request == 10);
				}
			}
		}
	}

	/**
	 * In full: {@code -Dhandover.moves=10000}.
	 */
	@Test
	@Timeout(value = 1, unit = TimeUnit.HOURS)
	void movesLeaveNoDescriptorBehind() throws IOException {
		long moves = Long.getLong("handover.moves", 100);
		spreadAndEmptyOne();
		closeConnections();
		awaitNoConnections();
		List<Integer> before = descriptors();
		long first = cluster.cluster().handOvers().handedOver();
		while (cluster.cluster().handOvers().handedOver() - first < moves) {
			spreadAndEmptyOne();
			closeConnections();
		}
		awaitNoConnections();
		await().atMost(TIMEOUT).untilAsserted(() -> assertNotMore(descriptors(), before));
		System.out.printf("Descriptors of primary and workers before and after %d moves: %s%n",
				cluster.cluster().handOvers().handedOver() - first, before);
	}

	/**
	 * One that was open for a moment when they were counted first is no leak.
	 */
	private static void assertNotMore(List<Integer> descriptors, List<Integer> before) {
		for (int i = 0; i < before.size(); i++) {
			assertThat(descriptors.get(i)).as("descriptors: %s, before: %s", descriptors, before)
				.isLessThanOrEqualTo(before.get(i));
		}
	}

	/**
	 * Have a worker with all connections hand half of them over.
	 */
	private void spreadAndEmptyOne() throws IOException {
		long full = cluster.awaitReplaced(List.of()).workers().get(0).pid();
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(1)).until(() -> {
			connectTo(full);
			return this.connections.size() >= 100;
		});
		long connections = this.connections.size();
		await().atMost(TIMEOUT).until(() -> spread().getOrDefault(full, 0L) < connections * 2 / 3);
	}

	/**
	 * But for the one that the question comes on.
	 */
	private static void awaitNoConnections() {
		await().atMost(TIMEOUT)
			.until(() -> cluster.cluster().workers().stream().allMatch((worker) -> worker.load().connections() <= 1));
	}

	private static List<Integer> descriptors() {
		List<Long> processes = new ArrayList<>(List.of(cluster.pid()));
		cluster.cluster().workers().forEach((worker) -> processes.add(worker.pid()));
		return processes.stream().map(Processes::openDescriptors).toList();
	}

}
