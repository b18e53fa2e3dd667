package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
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
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers send each other messages, and each failure is somebody's.
 */
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class MessagingTests {

	private static final int WORKERS = 3;

	@TempDir
	private static Path directory;

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
			.property("cluster.messaging.send-timeout", "10s")
			.property("cluster.heartbeat.timeout", "10m")
			// connections are kept for as long as a test takes
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("cluster.drain.timeout", "5m")
			.property("cluster.shutdown.timeout", "5m")
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
	void connect() {
		cluster.awaitReady();
		await().atMost(Deadlines.EVENT).pollInterval(Duration.ofMillis(10)).until(this::connectOnceMore);
	}

	/**
	 * Which worker gets a connection is not up to who connects.
	 */
	private boolean connectOnceMore() throws IOException {
		HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
		long pid = connection.get("/pid").pid();
		OptionalInt id = cluster.cluster()
			.workers()
			.stream()
			.filter((worker) -> worker.pid() == pid)
			.mapToInt(Worker::id)
			.findFirst();
		if (id.isEmpty() || this.connections.putIfAbsent(id.getAsInt(), connection) != null) {
			connection.close();
		}
		return this.connections.size() == WORKERS;
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
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
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
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(List.of(received(id(1)), received(id(2))))
				.allMatch((received) -> received.contains(expected)));
		assertThat(received(id(0))).doesNotContain(expected);
	}

	@Test
	@Order(2)
	void messagesBetweenTwoWorkersKeepTheirOrder() {
		post(id(0), "/send/" + id(1) + "/numbers?count=500", "").assertOk();
		List<String> expected = IntStream.range(0, 500).mapToObj(Integer::toString).toList();
		await().atMost(Deadlines.EVENT)
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
	void eachFailureIsExplainedAndHarmsNothing() throws IOException {
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
		Path late = directory.resolve("late");
		post(id(0), "/request/" + id(1) + "/wait?timeout=100", quoted(late))
			.assertFailed("was not replied to by worker-", "within 100 ms");
		Files.createFile(late);
		assertThat(cluster.cluster().workers()).extracting(Worker::restarts).containsOnly(0);
	}

	@Test
	@Order(6)
	void aSuspendedWorkerMakesItsSendersFailInTimeAndNobodyElse() {
		long suspended = worker(id(2)).pid();
		Processes.signal("STOP", List.of(suspended));
		try {
			CompletableFuture<Answer> sending = CompletableFuture
				.supplyAsync(() -> post(id(1), "/send/" + id(2) + "/count", "1"));
			post(id(0), "/broadcast", "to those who can").assertFailed("worker-" + id(2),
					"has not been taken by worker-" + id(2) + " within", "(10000 ms)");
			assertThat(sending).succeedsWithin(Deadlines.EVENT)
				.satisfies((answer) -> answer.assertFailed("has not been taken within", "(10000 ms)"));
			CompletableFuture<Answer> filling = CompletableFuture
				.supplyAsync(() -> post(id(1), "/request/" + id(2) + "/bytes?length=60000&", ""));
			assertThat(post(id(0), "/request/" + id(1) + "/pid", "0").assertOk().body())
				.isEqualTo(Long.toString(worker(id(1)).pid()));
			assertThat(filling).isNotDone();
			Processes.signal("CONT", List.of(suspended));
			assertThat(filling).succeedsWithin(Deadlines.EVENT).satisfies(Answer::assertOk);
		}
		finally {
			Processes.signal("CONT", List.of(suspended));
		}
		post(id(0), "/request/" + id(2) + "/pid", "0").assertOk();
	}

	@Test
	@Order(7)
	void messagesAreMeasured() {
		await().atMost(Deadlines.EVENT).untilAsserted(() -> {
			assertThat(this.connections.get(id(0)).get("/actuator/metrics/cluster.messaging.sent").body())
				.containsPattern("\"COUNT\",\"value\":[1-9]");
			assertThat(this.connections.get(id(0)).get("/actuator/metrics/cluster.messaging.pending").body())
				.contains("\"value\":0.0");
		});
	}

	/**
	 * The request itself has five minutes, and a worker that hangs has ten: it is the
	 * exit that ends the request.
	 */
	@Test
	@Order(8)
	void theDeathOfAWorkerEndsRequestsToIt() {
		CompletableFuture<Answer> waiting = requestThatWaits(id(0), id(1), directory.resolve("never"));
		Processes.signal("KILL", List.of(worker(id(1)).pid()));
		assertThat(waiting).succeedsWithin(Deadlines.EVENT)
			.satisfies((answer) -> answer.assertFailed("WorkerGoneException", "worker-" + id(1) + " is gone"));
		cluster.awaitLine("noted: worker-%d exited with 137, SIGKILL".formatted(id(1)), Deadlines.EVENT);
		cluster.awaitLine("noted: worker-%d listens".formatted(WORKERS + 1), Deadlines.EVENT);
	}

	private CompletableFuture<Answer> requestThatWaits(int from, int to, Path gate) {
		CompletableFuture<Answer> waiting = CompletableFuture
			.supplyAsync(() -> post(from, "/request/" + to + "/wait", quoted(gate)));
		await().atMost(Deadlines.EVENT).until(() -> received(to).contains("waits"));
		return waiting;
	}

	@Test
	@Order(9)
	void aWorkerThatLeavesRepliesToWhatItHasTaken() throws IOException {
		Path gate = directory.resolve("gate");
		CompletableFuture<Answer> waiting = requestThatWaits(id(0), id(1), gate);
		long leaving = worker(id(1)).pid();
		Processes.signal("TERM", List.of(leaving));
		await().atMost(Deadlines.EVENT).until(() -> worker(id(1)).state().equals("DRAINING"));
		assertThat(waiting).isNotDone();
		Files.createFile(gate);
		assertThat(waiting).succeedsWithin(Deadlines.EVENT)
			.satisfies((answer) -> assertThat(answer.assertOk().body()).isEqualTo(Long.toString(leaving)));
		cluster.awaitReplaced(List.of(leaving));
		post(id(0), "/send/" + id(1) + "/count", "1").assertFailed("There is no worker-" + id(1));
	}

	/**
	 * Who asks may come too late for a worker that leaves, which he is told; what has
	 * been taken is replied to.
	 */
	@Test
	@Order(10)
	void aReloadLosesNoMessage() throws IOException {
		Operations operations = new Operations(cluster);
		assertThat(operations.post("scale", "{\"workers\":2}").status()).isEqualTo(202);
		await().atMost(Deadlines.EVENT).until(() -> ids().size() == 2);
		List<Integer> before = ids();
		CompletableFuture<Operations.Answer> reload = operations.begin("reload?wait=3m");
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
		await().atMost(Deadlines.EVENT).until(() -> ids().size() == 2);
		List<Integer> after = ids();
		assertThat(after).doesNotContainAnyElementsOf(before);
		assertThat(replied).containsAll(before);
		for (int id : after) {
			postAnywhere("/request/" + id + "/pid", "0").assertOk();
		}
	}

	private static List<Integer> ids() {
		return cluster.cluster().workers().stream().map(Worker::id).sorted().toList();
	}

	private static String quoted(Path file) {
		return '"' + file.toString() + '"';
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
