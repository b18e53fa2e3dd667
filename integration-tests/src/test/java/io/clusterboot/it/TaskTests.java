package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

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
 * The worker pool: tasks run anywhere, and what happens to the worker that runs one is
 * known to who submitted it.
 */
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class TaskTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.workers(3)
			.property("cluster.tasks.threads", 2)
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.reload.probation", "100ms")
			.property("cluster.drain.idle-grace", "100ms")
			.start();
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static HttpConnection.Reply get(String path) {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT.multipliedBy(2))) {
			return connection.get("/tasks" + path);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static List<Long> numbers(String path) {
		String body = get(path).body();
		return Arrays.stream(body.substring(1, body.length() - 1).split(",")).map(Long::valueOf).toList();
	}

	/**
	 * Submit a task on a worker that does not run it.
	 */
	private static CompletableFuture<HttpConnection.Reply> hold(String task, Path file) {
		return CompletableFuture.supplyAsync(() -> get("/submit?task=" + task + "&argument=" + file));
	}

	private static long pidIn(Path file) throws IOException {
		await().atMost(TIMEOUT).until(() -> Files.exists(file));
		return Long.parseLong(Files.readString(file));
	}

	@Test
	@Order(1)
	void aBatchIsSpreadOverAllWorkersAndComesBackInOrder() {
		assertThat(numbers("/map?count=1000"))
			.containsExactlyElementsOf(LongStream.range(0, 1000).map((number) -> number * number).boxed().toList());
		Set<Long> pids = numbers("/where?count=60").stream().collect(Collectors.toCollection(TreeSet::new));
		assertThat(pids).containsExactlyElementsOf(cluster.workerPids());
	}

	@Test
	@Order(2)
	void aFailureIsExplained() {
		assertThat(get("/submit?task=explode").body()).contains("Task 'explode' failed in worker-", "boom");
		assertThat(get("/submit?task=unknown").body()).contains("MessageNotDeliveredException",
				"no @ClusterTask of the name 'unknown'");
		assertThat(get("/submit?task=square&argument=much").body()).contains("cannot be read as long");
	}

	@Test
	@Order(3)
	void aTaskIsInterruptedWhenItsTimeIsOver() {
		Path file = directory.resolve("late");
		assertThat(get("/submit?task=hold&timeout=1500&argument=" + file).body()).contains("was not replied to",
				"within");
		await().atMost(TIMEOUT).until(() -> Files.exists(directory.resolve("late.interrupted")));
	}

	@Test
	@Order(4)
	void aTaskIsInterruptedWhenItIsCancelled() {
		assertThat(get("/cancel?file=" + directory.resolve("cancelled")).body()).isEqualTo("true");
		await().atMost(TIMEOUT).until(() -> Files.exists(directory.resolve("cancelled.interrupted")));
	}

	@Test
	@Order(5)
	void aTaskWhoseWorkerDiesIsRunAgainOnlyIfItMayBe() throws Exception {
		HttpConnection.Reply reply = null;
		long killed = 0;
		// the worker that submits may be the one that runs it, and die too
		for (int i = 0; reply == null && i < 20; i++) {
			Path file = directory.resolve("once" + i);
			CompletableFuture<HttpConnection.Reply> waiting = hold("holdOnce", file);
			killed = pidIn(file);
			ClusterProcess.signal("KILL", List.of(killed));
			reply = waiting.handle((answer, failure) -> answer).get(40, TimeUnit.SECONDS);
			cluster.awaitReplaced(List.of(killed));
		}
		assertThat(reply).isNotNull();
		assertThat(reply.body()).startsWith("again in ").doesNotContain(Long.toString(killed));
	}

	@Test
	@Order(6)
	void aTaskThatMayNotBeRunAgainFails() throws Exception {
		HttpConnection.Reply reply = null;
		for (int i = 0; reply == null && i < 20; i++) {
			Path file = directory.resolve("never" + i);
			CompletableFuture<HttpConnection.Reply> waiting = hold("hold", file);
			long killed = pidIn(file);
			ClusterProcess.signal("KILL", List.of(killed));
			reply = waiting.handle((answer, failure) -> answer).get(40, TimeUnit.SECONDS);
			cluster.awaitReplaced(List.of(killed));
		}
		assertThat(reply).isNotNull();
		assertThat(reply.body()).contains("WorkerGoneException", "Task 'hold': worker-", "is gone",
				"not marked idempotent");
	}

	@Test
	@Order(7)
	void aBatchEndsWithTheFirstFailureOfItsTasks() throws IOException {
		Path first = directory.resolve("first");
		Path second = directory.resolve("second");
		CompletableFuture<HttpConnection.Reply> batch = CompletableFuture
			.supplyAsync(() -> get("/batch?files=%s,%s,%s".formatted(first, second, first)));
		await().atMost(TIMEOUT).until(() -> Files.exists(first) && Files.exists(second));
		Files.createFile(directory.resolve("first.fail"));
		assertThat(batch).succeedsWithin(TIMEOUT)
			.extracting(HttpConnection.Reply::body)
			.asString()
			.contains("Task 'holdNew' failed", "boom");
		for (Path file : List.of(first, second)) {
			await().atMost(TIMEOUT).until(() -> Files.exists(file.resolveSibling(file.getFileName() + ".interrupted")));
		}
	}

	@Test
	@Order(8)
	void theDeathOfAWorkerInterruptsWhatItHasSubmitted() throws Exception {
		long submitter = 0;
		Path file = directory;
		for (int i = 0; submitter == 0 && i < 20; i++) {
			HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
			long pid = connection.get("/pid").pid();
			file = directory.resolve("orphan" + i);
			connection.send("GET", "/tasks/submit?task=hold&argument=" + file, new byte[0]);
			if (pidIn(file) != pid) {
				submitter = pid;
			}
		}
		assertThat(submitter).as("a worker whose task another one runs").isPositive();
		ClusterProcess.signal("KILL", List.of(submitter));
		Path interrupted = file.resolveSibling(file.getFileName() + ".interrupted");
		await().atMost(TIMEOUT).until(() -> Files.exists(interrupted));
		cluster.awaitReplaced(List.of(submitter));
	}

	@Test
	@Order(9)
	void aReloadLosesNoTask() {
		List<Long> before = cluster.workerPids();
		CompletableFuture<Operations.Answer> reload = new Operations(cluster).begin("reload?wait=2m");
		Set<Long> pids = new TreeSet<>();
		int rounds = 0;
		do {
			assertThat(numbers("/map?count=300"))
				.containsExactlyElementsOf(LongStream.range(0, 300).map((number) -> number * number).boxed().toList());
			List<Long> answered = numbers("/where?count=30");
			assertThat(answered).hasSize(30);
			pids.addAll(answered);
			rounds++;
		}
		while (!reload.isDone());
		assertThat(reload.join().status()).as(reload.join().body()).isEqualTo(200);
		pids.addAll(numbers("/where?count=60"));
		assertThat(rounds).isGreaterThan(3);
		assertThat(pids).containsAll(before).containsAll(cluster.workerPids());
	}

}
