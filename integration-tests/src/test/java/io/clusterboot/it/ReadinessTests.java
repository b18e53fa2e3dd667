package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A worker takes connections while it is ready, and only then. Meanwhile clients wait.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ReadinessTests {

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static List<Long> workers;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.workers(2)
			.property("app.start-gate", startGate())
			.property("app.readiness-directory", directory)
			// answers also while no worker takes connections at the other port
			.property("management.server.port", 0)
			.property("cluster.startup.timeout", "10m")
			.start();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static Path startGate() {
		return directory.resolve("start");
	}

	private static HttpConnection connect() throws IOException {
		return HttpConnection.open(cluster.port(), Deadlines.EVENT);
	}

	private static void refuse(long pid) throws IOException {
		Files.createFile(fileOf(pid));
		awaitState(pid, "REFUSING");
	}

	private static void accept(long pid) throws IOException {
		Files.delete(fileOf(pid));
	}

	private static Path fileOf(long pid) {
		return directory.resolve("refuse-" + pid);
	}

	private static void awaitState(long pid, String state) {
		await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().worker(pid).state(), state::equals);
	}

	private static void awaitQueued(int connections) {
		await().atMost(Deadlines.EVENT)
			.until(() -> ListeningSocket.queued(cluster.port()), (queued) -> queued == connections);
	}

	private static LoadGenerator load() {
		return LoadGenerator.on(cluster.port()).clients(4);
	}

	@Test
	@Order(1)
	void clientsWaitUntilTheFirstWorkerIsReady() throws IOException {
		try (HttpConnection first = connect(); HttpConnection second = connect()) {
			first.send("GET", "/pid", new byte[0]);
			second.send("GET", "/pid", new byte[0]);
			cluster.awaitServers(2);
			List<Long> waiting = cluster.workerPids();
			assertThat(waiting).as("the first worker starts alone").hasSize(1);
			awaitQueued(2);
			Files.createFile(startGate());
			HttpConnection.Reply reply = first.read();
			assertThat(reply.status()).isEqualTo(200);
			assertThat(reply.pid()).isEqualTo(waiting.get(0));
			assertThat(second.read().status()).isEqualTo(200);
		}
		cluster.awaitReady();
		workers = cluster.workerPids();
	}

	@Test
	@Order(2)
	void workerThatRefusesGetsNoConnectionsUntilItRecovers() throws IOException {
		long refusing = workers.get(0);
		long other = workers.get(1);
		refuse(refusing);
		assertThat(cluster.cluster().readyWorkers()).isEqualTo(1);
		load().requests(200).run().assertNoFailures().assertAnsweredBy(List.of(other));
		accept(refusing);
		awaitState(refusing, "READY");
		try (LoadGenerator.Running load = load().start()) {
			load.awaitAnsweredBy(workers).stop().assertNoFailures();
		}
	}

	@Test
	@Order(3)
	void nothingIsLostWhileWorkersTakeTurns() throws IOException {
		try (LoadGenerator.Running load = load().start()) {
			for (int turn = 0; turn < 6; turn++) {
				long pid = workers.get(turn % 2);
				refuse(pid);
				load.awaitAnswers(20);
				accept(pid);
				awaitState(pid, "READY");
				load.awaitAnswers(20);
			}
			load.stop().assertNoFailures().assertAnsweredBy(workers);
		}
	}

	@Test
	@Order(4)
	void clientsWaitWhileNoWorkerIsReady() throws IOException {
		for (long pid : workers) {
			refuse(pid);
		}
		try (HttpConnection waiting = connect()) {
			waiting.send("GET", "/pid", new byte[0]);
			awaitQueued(1);
			long recovered = workers.get(1);
			accept(recovered);
			HttpConnection.Reply reply = waiting.read();
			assertThat(reply.status()).isEqualTo(200);
			assertThat(reply.pid()).isEqualTo(recovered);
		}
		accept(workers.get(0));
		cluster.awaitReady();
	}

}
