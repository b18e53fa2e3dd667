package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	@BeforeAll
	static void start() throws IOException {
		Files.createFile(gate());
		cluster = ClusterProcess.ports()
			.property("cluster.tasks.threads", 4)
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.drain.timeout", "5m")
			.property("cluster.shutdown.timeout", "5m")
			.property("app.start-gate", gate())
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

	/**
	 * Workers that start wait for it.
	 */
	private static Path gate() {
		return directory.resolve("gate");
	}

	private static HttpConnection.Reply get(String path) {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
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

	private static long pidIn(Path file) throws IOException {
		await().atMost(Deadlines.EVENT).until(() -> Files.exists(file));
		return Long.parseLong(Files.readString(file));
	}

	@Test
	@Order(1)
	void aBatchComesBackInOrder() {
		assertThat(numbers("/map?count=1000"))
			.containsExactlyElementsOf(LongStream.range(0, 1000).map((number) -> number * number).boxed().toList());
	}

	/**
	 * None of the tasks ends before all have begun, and a worker has threads for four.
	 */
	@Test
	@Order(1)
	void moreTasksThanAWorkerHasThreadsRunAtTheSameTime() {
		String files = IntStream.range(0, 5)
			.mapToObj((number) -> directory.resolve("meeting" + number).toString())
			.collect(Collectors.joining(","));
		assertThat(Set.copyOf(numbers("/meet?files=" + files)))
			.containsExactlyInAnyOrderElementsOf(cluster.workerPids());
	}

	@Test
	@Order(2)
	void aFailureIsExplained() {
		assertThat(get("/submit?task=explode").body()).contains("Task 'explode' failed in worker-", "boom");
		assertThat(get("/submit?task=unknown").body()).contains("MessageNotDeliveredException",
				"no @ClusterTask of the name 'unknown'");
		assertThat(get("/submit?task=square&argument=much").body()).contains("cannot be read as long");
	}

	/**
	 * A time may be over before the task has begun; then there is nothing to interrupt.
	 */
	@Test
	@Order(3)
	void aTaskIsInterruptedWhenItsTimeIsOver() {
		Path file = directory.resolve("late");
		for (long timeout = 500; Files.notExists(file); timeout *= 2) {
			assertThat(get("/submit?task=hold&timeout=%d&argument=%s".formatted(timeout, file)).body())
				.contains("was not replied to", "within");
		}
		await().atMost(Deadlines.EVENT).until(() -> Files.exists(directory.resolve("late.interrupted")));
	}

	@Test
	@Order(4)
	void aTaskIsInterruptedWhenItIsCancelled() {
		assertThat(get("/cancel?file=" + directory.resolve("cancelled")).body()).isEqualTo("true");
		await().atMost(Deadlines.EVENT).until(() -> Files.exists(directory.resolve("cancelled.interrupted")));
	}

	@Test
	@Order(5)
	void aBatchEndsWithTheFirstFailureOfItsTasks() throws IOException {
		Path first = directory.resolve("first");
		Path second = directory.resolve("second");
		CompletableFuture<HttpConnection.Reply> batch = CompletableFuture
			.supplyAsync(() -> get("/batch?files=%s,%s,%s".formatted(first, second, first)));
		await().atMost(Deadlines.EVENT).until(() -> Files.exists(first) && Files.exists(second));
		Files.createFile(directory.resolve("first.fail"));
		assertThat(batch).succeedsWithin(Deadlines.EVENT)
			.extracting(HttpConnection.Reply::body)
			.asString()
			.contains("Task 'holdNew' failed", "boom");
		for (Path file : List.of(first, second)) {
			await().atMost(Deadlines.EVENT)
				.until(() -> Files.exists(file.resolveSibling(file.getFileName() + ".interrupted")));
		}
	}

	/**
	 * One worker runs two tasks of the other one, and has submitted a third.
	 */
	@Test
	@Order(6)
	void theDeathOfAWorkerEndsItsTasksAndThoseThatItHasSubmitted() throws Exception {
		List<Long> workers = cluster.workerPids();
		long killed = workers.get(0);
		long other = workers.get(1);
		try (Submission submitted = submit("hold", killed, other);
				Submission again = submit("holdOnce", other, killed);
				Submission never = submit("hold", other, killed)) {
			Processes.signal("KILL", List.of(killed));
			assertThat(again.reply().body()).isEqualTo("again in " + other);
			assertThat(never.reply().body()).contains("WorkerGoneException", "Task 'hold': worker-", "is gone",
					"not marked idempotent");
			await().atMost(Deadlines.EVENT).until(() -> Files.exists(submitted.file("interrupted")));
		}
		cluster.awaitReplaced(List.of(killed));
	}

	/**
	 * Submit a task on one worker that another one runs.
	 */
	private static Submission submit(String task, long submitter, long runner) throws Exception {
		List<Submission> others = new ArrayList<>();
		try {
			while (true) {
				Submission submission = new Submission(connectionTo(submitter), task);
				if (submission.runner() == runner) {
					return submission;
				}
				// as long as they run the next one is more likely to go elsewhere
				others.add(submission);
			}
		}
		finally {
			for (Submission other : others) {
				Files.createFile(other.file("end"));
				assertThat(other.reply().status()).isEqualTo(200);
				other.close();
			}
		}
	}

	private static HttpConnection connectionTo(long pid) throws IOException {
		while (true) {
			HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
			if (connection.get("/pid").pid() == pid) {
				return connection;
			}
			connection.close();
		}
	}

	/**
	 * No worker is replaced before all have worked while the reload was under way, and
	 * none has left before what it runs and what it has submitted have ended.
	 */
	@Test
	@Order(7)
	void aReloadLosesNoTask() throws Exception {
		List<Long> before = cluster.workerPids();
		Set<Long> pids = new TreeSet<>();
		CompletableFuture<Operations.Answer> reload;
		try (Submission first = submit("hold", before.get(0), before.get(1));
				Submission second = submit("hold", before.get(1), before.get(0))) {
			Files.delete(gate());
			reload = new Operations(cluster).begin("reload?wait=3m");
			await().atMost(Deadlines.EVENT).until(() -> cluster.workerPids().size() > before.size());
			awaitAnswers(pids, () -> pids.containsAll(before));
			Files.createFile(gate());
			await().atMost(Deadlines.EVENT)
				.until(() -> cluster.cluster()
					.workers()
					.stream()
					.anyMatch((worker) -> worker.state().equals("DRAINING")));
			pids.addAll(answeredBy());
			for (Submission submission : List.of(first, second)) {
				assertThat(submission.isAnswered()).isFalse();
				Files.createFile(submission.file("end"));
				assertThat(submission.reply().body()).isEqualTo("held");
			}
		}
		awaitAnswers(pids, reload::isDone);
		assertThat(reload.join().status()).as(reload.join().body()).isEqualTo(200);
		Set<Long> after = cluster.awaitReplaced(before).pids();
		awaitAnswers(pids, () -> pids.containsAll(after));
		assertThat(pids).hasSize(before.size() + after.size());
	}

	/**
	 * Run batches, with pauses that leave the processors to workers that start.
	 */
	private static void awaitAnswers(Set<Long> pids, Callable<Boolean> enough) {
		await().atMost(Deadlines.EVENT).until(() -> {
			pids.addAll(answeredBy());
			return enough.call();
		});
	}

	/**
	 * Run a batch of which nothing may be missing.
	 */
	private static List<Long> answeredBy() {
		assertThat(numbers("/map?count=300"))
			.containsExactlyElementsOf(LongStream.range(0, 300).map((number) -> number * number).boxed().toList());
		List<Long> answered = numbers("/where?count=30");
		assertThat(answered).hasSize(30);
		return answered;
	}

	/**
	 * A task that runs until it is let go.
	 */
	private static final class Submission implements AutoCloseable {

		private static int count;

		private final HttpConnection connection;

		private final Path file = directory.resolve("task" + ++count);

		private final CompletableFuture<HttpConnection.Reply> reply;

		private Submission(HttpConnection connection, String task) throws IOException {
			this.connection = connection;
			connection.send("GET", "/tasks/submit?task=%s&argument=%s".formatted(task, this.file), new byte[0]);
			this.reply = CompletableFuture.supplyAsync(this::read);
		}

		private HttpConnection.Reply read() {
			try {
				return this.connection.read();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		long runner() throws IOException {
			return pidIn(this.file);
		}

		boolean isAnswered() {
			return this.reply.isDone();
		}

		HttpConnection.Reply reply() throws Exception {
			return this.reply.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
		}

		Path file(String extension) {
			return this.file.resolveSibling(this.file.getFileName() + "." + extension);
		}

		@Override
		public void close() throws IOException {
			this.connection.close();
		}

	}

}
