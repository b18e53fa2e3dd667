package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A worker takes connections while it is ready, and only then. Meanwhile clients wait.
 */
@Tag("every-server")
@ExtendWith(PrintOutputOnFailure.class)
class ReadinessTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static HttpConnection connect(int port) throws IOException {
		return HttpConnection.open(port, TIMEOUT);
	}

	@Test
	void clientWaitsUntilTheFirstWorkerIsReady(@TempDir Path directory) throws IOException {
		Path gate = directory.resolve("gate");
		try (ClusterProcess cluster = ClusterProcess.ports().property("app.start-gate", gate).start()) {
			int port = cluster.port();
			try (HttpConnection first = connect(port); HttpConnection second = connect(port)) {
				first.send("GET", "/pid", new byte[0]);
				second.send("GET", "/pid", new byte[0]);
				assertThat(first.isAnswered(Duration.ofSeconds(1))).isFalse();
				List<Long> waiting = cluster.workerPids();
				assertThat(waiting).as("the first worker starts alone").hasSize(1);
				Files.createFile(gate);
				HttpConnection.Reply reply = first.read();
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.pid()).isEqualTo(waiting.get(0));
				assertThat(second.read().status()).isEqualTo(200);
			}
			cluster.awaitReady();
		}
	}

	/**
	 * Workers that change their mind.
	 */
	@Nested
	class Changes {

		@TempDir
		private static Path directory;

		private static ClusterProcess cluster;

		private static List<Long> workers;

		@BeforeAll
		static void start() {
			cluster = ClusterProcess.ports().workers(2).property("app.readiness-directory", directory).start();
			cluster.awaitReady();
			workers = cluster.workerPids();
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		@AfterEach
		void recover() throws IOException {
			for (long pid : workers) {
				accept(pid);
			}
			cluster.awaitReady();
		}

		private void refuse(long pid) throws IOException {
			Files.createFile(fileOf(pid));
		}

		private void accept(long pid) throws IOException {
			Files.deleteIfExists(fileOf(pid));
		}

		private Path fileOf(long pid) {
			return directory.resolve("refuse-" + pid);
		}

		private void awaitState(long pid, String state) {
			await().atMost(TIMEOUT).until(() -> cluster.cluster().worker(pid).state(), state::equals);
		}

		private LoadResult load(int requests) {
			return LoadGenerator.on(cluster.port()).clients(4).requests(requests).run().assertNoFailures();
		}

		@Test
		void workerThatRefusesGetsNoConnectionsUntilItRecovers() throws IOException {
			long refusing = workers.get(0);
			long other = workers.get(1);
			refuse(refusing);
			awaitState(refusing, "REFUSING");
			assertThat(cluster.cluster().readyWorkers()).isEqualTo(1);
			load(200).assertAnsweredBy(List.of(other));
			accept(refusing);
			awaitState(refusing, "READY");
			load(200).assertAnsweredBy(workers);
		}

		@Test
		void nothingIsLostWhileWorkersTakeTurns() throws IOException {
			try (LoadGenerator.Running load = LoadGenerator.on(cluster.port()).clients(4).start()) {
				for (int turn = 0; turn < 6; turn++) {
					long pid = workers.get(turn % 2);
					refuse(pid);
					awaitState(pid, "REFUSING");
					load.awaitAnswers(20);
					accept(pid);
					awaitState(pid, "READY");
					load.awaitAnswers(20);
				}
				load.stop().assertNoFailures().assertAnsweredBy(workers);
			}
		}

		@Test
		void clientsWaitWhileNoWorkerIsReady() throws IOException {
			for (long pid : workers) {
				refuse(pid);
			}
			try (HttpConnection waiting = awaitUnanswered()) {
				long recovered = workers.get(1);
				accept(recovered);
				HttpConnection.Reply reply = waiting.read();
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.pid()).isEqualTo(recovered);
			}
		}

		/**
		 * Connect until a request stays unanswered.
		 * @return its connection
		 */
		private HttpConnection awaitUnanswered() throws IOException {
			long deadline = System.nanoTime() + TIMEOUT.toNanos();
			while (System.nanoTime() - deadline < 0) {
				HttpConnection connection = connect(cluster.port());
				connection.send("GET", "/pid", new byte[0]);
				if (!connection.isAnswered(Duration.ofSeconds(1))) {
					return connection;
				}
				connection.close();
			}
			throw new AssertionError("requests are still answered");
		}

	}

}
