package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.clusterboot.it.ClusterView.Worker;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers send each other messages, and each failure is somebody's.
 */
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class MessagingTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final int WORKERS = 3;

	private static ClusterProcess cluster;

	/** Kept connections, each with its worker, by the worker's id. */
	private final Map<Integer, HttpConnection> connections = new TreeMap<>();

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.workers(WORKERS)
			.jvmOptions("-Dapp.notary-fails=true")
			.property("cluster.messaging.max-message-size", "64KB")
			.property("cluster.messaging.max-pending-size", "128KB")
			.property("cluster.messaging.send-timeout", "2s")
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.reload.probation", "100ms")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("management.endpoints.web.exposure.include", "cluster,health,metrics")
			.expectError("failed to handle a message of worker-\\d+ about 'fail'")
			.expectError("Notary failed; the primary goes on")
			.start();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	@BeforeEach
	void connect() throws IOException {
		ClusterView view = cluster.awaitReady().cluster();
		for (int attempts = 0; this.connections.size() < WORKERS && attempts < 200; attempts++) {
			HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
			long pid = connection.get("/pid").pid();
			int id = view.workers().stream().filter((worker) -> worker.pid() == pid).findFirst().orElseThrow().id();
			HttpConnection known = this.connections.putIfAbsent(id, connection);
			if (known != null) {
				connection.close();
			}
		}
		assertThat(this.connections).hasSize(WORKERS);
	}

	@AfterEach
	void disconnect() {
		this.connections.values().forEach(HttpConnection::closeQuietly);
	}

	private int id(int number) {
		return new ArrayList<>(this.connections.keySet()).get(number);
	}

	private Answer post(int worker, String path, String body) {
		try {
			return post(this.connections.get(worker), path, body);
		}
		catch (IOException ex) {
			return new Answer(0, ex.toString());
		}
	}

	private static Answer postAnywhere(String path, String body) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			return post(connection, path, body);
		}
	}

	private static Answer post(HttpConnection connection, String path, String body) throws IOException {
		connection.send("POST", "/messages" + path, body.getBytes(StandardCharsets.UTF_8),
				body.startsWith("{") || body.startsWith("\"") || body.matches("\\d+") ? "Content-Type: application/json"
						: "Content-Type: text/plain");
		HttpConnection.Reply reply = connection.read();
		return new Answer(reply.status(), reply.body());
	}

	private List<String> received(int worker) {
		try {
			String body = this.connections.get(worker).get("/messages").body();
			return List.of(body.substring(1, body.length() - 1).replace("\"", "").split(",(?! )"));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private Worker worker(int id) {
		return cluster.cluster().workers().stream().filter((worker) -> worker.id() == id).findFirst().orElseThrow();
	}

	@Test
	@Order(1)
	void aBroadcastReachesEveryOtherWorker() {
		post(id(0), "/broadcast", "to all").assertOk();
		String expected = id(0) + ":to all:[1, 2]";
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(List.of(received(id(1)), received(id(2))))
				.allMatch((received) -> received.contains(expected)));
		assertThat(received(id(0))).doesNotContain(expected);
	}

	@Test
	@Order(2)
	void messagesBetweenTwoWorkersKeepTheirOrder() {
		post(id(0), "/send/" + id(1) + "/numbers?count=500", "").assertOk();
		List<String> expected = IntStream.range(0, 500).mapToObj(Integer::toString).toList();
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(received(id(1)).stream().filter((text) -> text.matches("\\d+")))
				.containsExactlyElementsOf(expected));
	}

	@Test
	@Order(3)
	void aRequestIsReplied() {
		assertThat(post(id(0), "/request/" + id(1) + "/pid", "0").assertOk().body())
			.isEqualTo(Long.toString(worker(id(1)).pid()));
		assertThat(post(id(0), "/request/" + id(0) + "/pid", "0").assertOk().body()).as("from itself")
			.isEqualTo(Long.toString(worker(id(0)).pid()));
		assertThat(post(id(0), "/sums/" + id(2),
				"{\"a\": [{\"text\": \"x\", \"numbers\": [1, 2]}, {\"text\": \"y\", \"numbers\": [3]}], \"b\": []}")
			.assertOk()
			.body()).isEqualTo("{\"a\":6,\"b\":0}");
	}

	@Test
	@Order(4)
	void thePrimaryTakesPart() {
		post(id(0), "/primary", "hello").assertOk();
		cluster.awaitLine("note \\d+ from worker-" + id(0) + ": hello");
		assertThat(post(id(1), "/request/0/note", "\"again\"").assertOk().body()).isEqualTo("2");
		post(id(1), "/request/0/fail", "\"x\"").assertFailed("asked to fail in the primary");
		assertThat(post(id(1), "/request/0/note", "\"still there\"").assertOk().body()).isEqualTo("3");
	}

	@Test
	@Order(5)
	void eachFailureIsExplainedAndHarmsNothing() {
		post(id(0), "/send/999/count", "1").assertFailed("MessageNotDeliveredException", "There is no worker-999");
		post(id(0), "/send/" + id(1) + "/unknown", "1").assertFailed("MessageNotDeliveredException",
				"no @ClusterMessageListener for the topic 'unknown'");
		post(id(0), "/send/" + id(1) + "/count", "\"many\"").assertFailed("MessageNotDeliveredException",
				"cannot be read as int");
		post(id(0), "/send/" + id(1) + "/unwritable", "").assertFailed("cannot be written as JSON");
		post(id(0), "/request/" + id(1) + "/fail", "\"jump\"").assertFailed("cannot jump", "worker-" + id(1));
		post(id(0), "/send/" + id(1) + "/fail", "\"jump\"").assertOk();
		post(id(0), "/request/" + id(1) + "/bytes?length=70000", "").assertFailed("max-message-size", "65536");
		assertThat(post(id(0), "/request/" + id(1) + "/bytes?length=65000", "").assertOk().body()).isEqualTo("65000");
		post(id(0), "/request/" + id(1) + "/wait?timeout=100", "1000").assertFailed("was not replied to by worker-",
				"within 100 ms");
		assertThat(cluster.cluster().workers()).extracting(Worker::restarts).containsOnly(0);
	}

	@Test
	@Order(6)
	void aSuspendedWorkerMakesItsSendersFailInTimeAndNobodyElse() throws Exception {
		long suspended = worker(id(2)).pid();
		ClusterProcess.signal("STOP", List.of(suspended));
		try {
			post(id(0), "/send/" + id(2) + "/count", "1").assertFailed("has not been taken within", "(2000 ms)");
			CompletableFuture<Answer> filling = CompletableFuture
				.supplyAsync(() -> post(id(1), "/request/" + id(2) + "/bytes?length=60000&", ""));
			assertThat(post(id(0), "/request/" + id(1) + "/pid", "0").assertOk().body())
				.isEqualTo(Long.toString(worker(id(1)).pid()));
			post(id(0), "/broadcast", "to those who can").assertFailed("worker-" + id(2));
			ClusterProcess.signal("CONT", List.of(suspended));
			filling.get(30, TimeUnit.SECONDS).assertOk();
		}
		finally {
			ClusterProcess.signal("CONT", List.of(suspended));
		}
		post(id(0), "/request/" + id(2) + "/pid", "0").assertOk();
	}

	@Test
	@Order(7)
	void theDeathOfAWorkerEndsRequestsToItAtOnce() throws Exception {
		CompletableFuture<Answer> waiting = CompletableFuture
			.supplyAsync(() -> post(id(0), "/request/" + id(1) + "/wait", "19000"));
		await().atMost(TIMEOUT).until(() -> received(id(1)).contains("waits"));
		ClusterProcess.signal("KILL", List.of(worker(id(1)).pid()));
		long killed = System.nanoTime();
		waiting.get(30, TimeUnit.SECONDS).assertFailed("WorkerGoneException", "worker-" + id(1) + " is gone");
		assertThat(Duration.ofNanos(System.nanoTime() - killed)).isLessThan(Duration.ofSeconds(5));
		cluster.awaitLine("noted: worker-%d exited with 137, SIGKILL".formatted(id(1)));
		cluster.awaitLine("noted: worker-%d listens".formatted(WORKERS + 1));
	}

	@Test
	@Order(8)
	void aWorkerThatLeavesRepliesToWhatItHasTaken() throws Exception {
		cluster.awaitReplaced(List.of());
		CompletableFuture<Answer> waiting = CompletableFuture
			.supplyAsync(() -> post(id(0), "/request/" + id(1) + "/wait", "4000"));
		await().atMost(TIMEOUT).until(() -> received(id(1)).contains("waits"));
		long leaving = worker(id(1)).pid();
		ClusterProcess.signal("TERM", List.of(leaving));
		assertThat(waiting.get(30, TimeUnit.SECONDS).assertOk().body()).isEqualTo(Long.toString(leaving));
		cluster.awaitReplaced(List.of(leaving));
		post(id(0), "/send/" + id(1) + "/count", "1").assertFailed("There is no worker-" + id(1));
	}

	@Test
	@Order(9)
	void messagesAreMeasured() throws IOException {
		assertThat(this.connections.get(id(0)).get("/actuator/metrics/cluster.messaging.sent").body())
			.containsPattern("\"COUNT\",\"value\":[1-9]");
		assertThat(this.connections.get(id(0)).get("/actuator/metrics/cluster.messaging.pending").body())
			.contains("\"value\":0.0");
	}

	/**
	 * Who asks may come too late for a worker that leaves, which he is told; what has
	 * been taken is replied to.
	 */
	@Test
	@Order(10)
	void aReloadLosesNoMessage() throws IOException {
		CompletableFuture<Operations.Answer> reload = new Operations(cluster).begin("reload?wait=2m");
		List<Integer> before = new ArrayList<>(this.connections.keySet());
		Set<Integer> replied = new TreeSet<>();
		do {
			for (Worker worker : cluster.cluster().workers()) {
				if ("READY".equals(worker.state()) || "DRAINING".equals(worker.state())) {
					Answer answer = postAnywhere("/request/" + worker.id() + "/pid", "0");
					if (answer.status() == 200) {
						assertThat(answer.body()).isEqualTo(Long.toString(worker.pid()));
						replied.add(worker.id());
					}
					else {
						answer.assertFailed("MessageNotDeliveredException", "worker-" + worker.id());
					}
				}
			}
			postAnywhere("/broadcast", "during a reload").assertOk();
		}
		while (!reload.isDone());
		assertThat(reload.join().status()).as(reload.join().body()).isEqualTo(200);
		// the last of the former workers may still be leaving
		List<Integer> after = cluster.cluster()
			.workers()
			.stream()
			.filter((worker) -> "READY".equals(worker.state()))
			.map(Worker::id)
			.toList();
		assertThat(after).hasSize(WORKERS).doesNotContainAnyElementsOf(before);
		assertThat(replied).containsAll(before);
		for (int id : after) {
			postAnywhere("/request/" + id + "/pid", "0").assertOk();
		}
	}

	/**
	 * What a worker answered.
	 *
	 * @param status status, or 0 if it did not
	 * @param body body
	 */
	private record Answer(int status, String body) {

		Answer assertOk() {
			assertThat(this.status).as(this.body).isEqualTo(200);
			return this;
		}

		void assertFailed(String... parts) {
			assertThat(this.status).as(this.body).isEqualTo(409);
			assertThat(this.body).contains(parts);
		}

	}

}
