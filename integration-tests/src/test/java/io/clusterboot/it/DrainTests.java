package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.clusterboot.it.LoadResult.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A cluster that stops, for whatever reason, answers what it has accepted.
 */
@ExtendWith(PrintOutputOnFailure.class)
class DrainTests {

	private static final Duration TIMEOUT = Deadlines.EVENT;

	private static final int LOAD_CLIENTS = 4;

	private static final int VISITORS = 2;

	@TempDir
	private Path directory;

	private final List<LoadGenerator.Running> loads = new ArrayList<>();

	@AfterEach
	void stopLoads() {
		this.loads.forEach(LoadGenerator.Running::close);
	}

	private void stopAtEnd(LoadGenerator.Running... running) {
		this.loads.addAll(List.of(running));
	}

	private Path gate() {
		return this.directory.resolve("gate");
	}

	private void openGate() throws IOException {
		Files.createFile(gate());
	}

	/**
	 * A cluster that does nothing to a connection, in the worker that has accepted it,
	 * but what its drain does: it is not moved, and Tomcat does not end it with the
	 * hundredth request. Nothing is cut off, however long it takes.
	 */
	private static ClusterProcessBuilder lasting() {
		return ClusterProcess.ports()
			.property("cluster.rebalance.enabled", false)
			.property("cluster.drain.timeout", "10m")
			.property("cluster.shutdown.timeout", "15m")
			.property("server.tomcat.max-keep-alive-requests", -1);
	}

	private static HttpConnection connect(ClusterProcess cluster) throws IOException {
		return HttpConnection.open(cluster.port(), TIMEOUT);
	}

	/**
	 * Get requests in flight that end when the gate opens, on every worker.
	 */
	private List<HttpConnection> hold(ClusterProcess cluster, int requests) throws IOException {
		List<HttpConnection> held = new ArrayList<>();
		Set<Long> pids = new TreeSet<>();
		while (held.size() < requests || !pids.containsAll(cluster.workerPids())) {
			assertThat(held.size()).as("connections until each worker has one").isLessThan(50);
			HttpConnection connection = connect(cluster);
			pids.add(connection.get("/pid").pid());
			String name = "request-" + held.size() + "-";
			connection.send("GET", "/hold?name=" + name + "&gate=" + gate(), new byte[0]);
			cluster.awaitLine("holding " + name, TIMEOUT);
			held.add(connection);
		}
		return held;
	}

	private static void assertAnswered(List<HttpConnection> held) throws IOException {
		for (HttpConnection connection : held) {
			HttpConnection.Reply reply = connection.read();
			assertThat(reply.status()).isEqualTo(200);
			assertThat(reply.closes()).as("an answer while draining says Connection: close").isTrue();
			assertThat(connection.isClosedByServer(TIMEOUT)).isTrue();
			connection.close();
		}
	}

	/**
	 * Connect to each worker. One drains when the next answer on that connection is the
	 * last one.
	 */
	private static List<HttpConnection> connectToAll(ClusterProcess cluster) throws IOException {
		List<HttpConnection> connections = new ArrayList<>();
		Set<Long> pids = new TreeSet<>();
		while (!pids.containsAll(cluster.workerPids())) {
			assertThat(connections.size()).as("connections until each worker has one").isLessThan(50);
			HttpConnection connection = connect(cluster);
			pids.add(connection.get("/pid").pid());
			connections.add(connection);
		}
		return connections;
	}

	/**
	 * Send requests until an answer ends the connection, on each of them.
	 */
	private static void awaitLastAnswers(List<HttpConnection> connections) {
		List<HttpConnection> open = new ArrayList<>(connections);
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(20)).until(() -> {
			for (Iterator<HttpConnection> rest = open.iterator(); rest.hasNext();) {
				HttpConnection connection = rest.next();
				HttpConnection.Reply reply = connection.get("/pid");
				assertThat(reply.status()).isEqualTo(200);
				if (reply.closes()) {
					assertThat(connection.isClosedByServer(TIMEOUT)).isTrue();
					connection.close();
					rest.remove();
				}
			}
			return open.isEmpty();
		});
	}

	@ParameterizedTest
	@Tag("every-server")
	@CsvSource({ "TERM, false, 143", "INT, true, 130" })
	void signalLosesNoRequest(String signal, boolean wholeGroup, int exitCode) throws Exception {
		assertSignalLosesNoRequest(signal, wholeGroup, exitCode);
	}

	/**
	 * As by a service manager that ends all processes of a service.
	 */
	@Test
	@Tag("full")
	@Tag("every-server")
	void aSignalToAllProcessesLosesNoRequest() throws Exception {
		assertSignalLosesNoRequest("TERM", true, 143);
	}

	/**
	 * The kernel resets what arrives between the last look into the queue and the close.
	 * In that one moment each client has one connection at the most.
	 */
	private void assertSignalLosesNoRequest(String signal, boolean wholeGroup, int exitCode) throws Exception {
		try (ClusterProcess cluster = lasting().property("cluster.drain.idle-grace", "500ms").start()) {
			cluster.awaitReady();
			int port = cluster.port();
			List<HttpConnection> held = hold(cluster, 4);
			List<HttpConnection> kept = connectToAll(cluster);
			LoadGenerator.Running load = LoadGenerator.on(port)
				.clients(LOAD_CLIENTS)
				.keepAlive()
				.pause(Duration.ofMillis(5))
				.start();
			LoadGenerator.Running visitors = LoadGenerator.on(port)
				.clients(VISITORS)
				.pause(Duration.ofMillis(5))
				.start();
			stopAtEnd(load, visitors);
			load.awaitAnswers(200);
			visitors.awaitAnswers(20);
			long signalled = System.nanoTime();
			Processes.signal(signal, wholeGroup ? cluster.allPids() : List.of(cluster.pid()));
			awaitLastAnswers(kept);
			Processes.signal(signal, wholeGroup ? cluster.allPids() : List.of(cluster.pid()));
			assertThat(held).noneMatch((connection) -> isAnsweredAlready(connection));
			openGate();
			assertAnswered(held);
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(exitCode);
			cluster.awaitNothingLeft(TIMEOUT);
			assertThat(Ports.isListening(port)).isFalse();
			LoadResult result = load.stop();
			result.only((exchange) -> exchange.start() - signalled < 0 || !exchange.fresh()).assertNoFailures();
			result.assertNoFailuresBut(Outcome.REFUSED, Outcome.RESET);
			assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(LOAD_CLIENTS);
			LoadResult visits = visitors.stop();
			visits.only((exchange) -> exchange.start() - signalled < 0).assertNoFailures();
			visits.assertNoFailuresBut(Outcome.REFUSED, Outcome.RESET);
			assertThat(visits.count(Outcome.RESET)).as(visits::table).isLessThanOrEqualTo(VISITORS);
			System.out.printf("New connections after %s: %s%n", signal, visits.begunAfter(signalled).table());
		}
	}

	private static boolean isAnsweredAlready(HttpConnection connection) {
		try {
			return connection.isAnswered(Duration.ofMillis(10));
		}
		catch (IOException ex) {
			throw new AssertionError("a request in flight was lost", ex);
		}
	}

	/**
	 * The delay is never over in this test: what ends it is that the primary is gone.
	 */
	@Test
	void preStopDelayServesWhileReadinessSaysNo() throws IOException {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("cluster.shutdown.pre-stop-delay", "10m")
			.property("cluster.shutdown.timeout", "15m")
			.property("cluster.drain.idle-grace", "200ms")
			.expectError("primary is gone")
			.start()) {
			cluster.awaitReady();
			List<Long> workers = cluster.workerPids();
			cluster.signal("TERM");
			await().atMost(TIMEOUT).until(() -> {
				try (HttpConnection connection = connect(cluster)) {
					HttpConnection.Reply reply = connection.get("/actuator/health/readiness");
					return reply.status() == 503 && reply.body().contains("OUT_OF_SERVICE");
				}
			});
			LoadGenerator.on(cluster.port()).requests(100).run().assertNoFailures().assertAnsweredBy(workers);
			cluster.signal("KILL");
			cluster.awaitNothingLeft(TIMEOUT);
		}
	}

	/**
	 * The request is held for longer than anybody waits.
	 */
	@Test
	@Tag("every-server")
	void shutdownIsBoundedInTime() throws IOException {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.drain.timeout", "1s")
			.property("cluster.shutdown.timeout", "3s")
			// a server that stops interrupts what it waits for
			.expectError("InterruptedException")
			.start()) {
			cluster.awaitReady();
			List<HttpConnection> held = hold(cluster, 1);
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
			cluster.awaitNothingLeft(TIMEOUT);
			for (HttpConnection connection : held) {
				assertThat(isAnsweredWell(connection)).as("an answer, although nobody has let the request go")
					.isFalse();
				connection.close();
			}
		}
	}

	private static boolean isAnsweredWell(HttpConnection connection) {
		try {
			return connection.read().status() == 200;
		}
		catch (IOException ex) {
			// cut off
			return false;
		}
	}

	/**
	 * Neither for the start, which never ends, nor for a worker to be killed.
	 */
	@Test
	@Tag("every-server")
	void clusterThatStartsIsStoppedWithoutWaiting() {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("app.start-gate", gate())
			.property("cluster.shutdown.timeout", "15m")
			.start()) {
			cluster.port();
			cluster.signal("TERM");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
			cluster.awaitNothingLeft(TIMEOUT);
		}
	}

	@Test
	@Tag("every-server")
	void workersDrainAndLeaveWhenThePrimaryIsKilled() throws IOException {
		try (ClusterProcess cluster = lasting().property("cluster.drain.idle-grace", "500ms")
			.expectError("primary is gone")
			.start()) {
			cluster.awaitReady();
			int port = cluster.port();
			List<HttpConnection> held = hold(cluster, 2);
			List<HttpConnection> kept = connectToAll(cluster);
			cluster.signal("KILL");
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(137);
			awaitLastAnswers(kept);
			assertThat(cluster.allPids()).as("workers with a request in flight").hasSize(2);
			openGate();
			assertAnswered(held);
			cluster.awaitNothingLeft(TIMEOUT);
			assertThat(Ports.isListening(port)).isFalse();
		}
	}

	@Test
	@Tag("full")
	void idleWorkersOfAJarLeaveWhenThePrimaryIsKilled() {
		try (ClusterProcess cluster = ClusterProcess.demo()
			.property("cluster.drain.idle-grace", "500ms")
			.expectError("primary is gone")
			.start()) {
			cluster.awaitReady();
			int port = cluster.port();
			assertThat(cluster.allPids()).hasSize(3);
			cluster.signal("KILL");
			cluster.awaitNothingLeft(TIMEOUT);
			assertThat(Ports.isListening(port)).isFalse();
		}
	}

}
