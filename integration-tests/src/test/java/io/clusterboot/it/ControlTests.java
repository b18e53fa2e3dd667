package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.Operations.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A running cluster is reloaded, scaled and restarted. All tests share one. What becomes
 * of several wishes at a time, and when, is what {@code SupervisorReloadTests} and
 * {@code SupervisorScaleTests} are about.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ControlTests {

	private static final Duration WAIT = Deadlines.EVENT;

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static Operations operations;

	private static int descriptors;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("management.endpoint.health.show-details", "always")
			.property("cluster.reload.probation", "500ms")
			.property("cluster.drain.idle-grace", "200ms")
			// nobody who waits for a reload in a worker that leaves is to be cut off
			.property("cluster.drain.timeout", "10m")
			.property("cluster.shutdown.timeout", "11m")
			.property("cluster.max-workers", 4)
			.property("cluster.link.reply-timeout", "1m")
			.property("app.fail-on-start", failFile())
			.expectError("Application run failed")
			.expectError("(Reload|Restart) \\d+ .*(FAILED|ABORTED)")
			.start();
		cluster.awaitReady();
		operations = new Operations(cluster);
		descriptors = Processes.openDescriptors(cluster.pid());
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static Path failFile() {
		return directory.resolve("fail");
	}

	private static ClusterView awaitOver() {
		return await().atMost(WAIT).until(cluster::cluster, (view) -> view.reload().finishedAt() != null);
	}

	private static ClusterView awaitWorkers(int workers) {
		return await().atMost(WAIT)
			.until(cluster::cluster, (view) -> view.configuredWorkers() == workers && view.readyWorkers() == workers
					&& view.workers().size() == workers);
	}

	private static List<Long> awaitSettled() {
		return awaitWorkers(2).workers().stream().map(Worker::pid).toList();
	}

	private static LoadGenerator load() {
		return LoadGenerator.on(cluster.port())
			.clients(2)
			.pause(Duration.ofMillis(30))
			.timeout(WAIT)
			.duration(Duration.ofMinutes(20));
	}

	private static void assertServe(List<Long> workers) {
		load().requests(50).run().assertNoFailures().assertAnsweredBy(workers);
	}

	@Test
	@Order(1)
	void reloadUnderLoadReplacesAllWorkersAndLosesNothing() {
		List<Long> before = awaitSettled();
		assertThat(cluster.cluster().reload().state()).isEqualTo("IDLE");
		try (LoadGenerator.Running fresh = load().start(); LoadGenerator.Running kept = load().keepAlive().start()) {
			fresh.awaitAnswers(20, kept);
			long begun = System.nanoTime();
			cluster.signal("HUP");
			await().atMost(WAIT.multipliedBy(2)).until(() -> {
				ClusterView view = cluster.cluster();
				assertThat(view.readyWorkers()).as("ready during the reload").isEqualTo(2);
				return view.reload().finishedAt() != null;
			});
			long done = System.nanoTime();
			cluster.awaitLine("SIGHUP: reload", WAIT);
			assertThat(cluster.cluster().reload().state()).isEqualTo("DONE");
			assertThat(cluster.cluster().reload().trigger()).isEqualTo("SIGHUP");
			fresh.awaitAnswers(20, kept);
			List<Long> after = awaitSettled();
			assertThat(after).doesNotContainAnyElementsOf(before);
			LoadResult result = fresh.stop().assertNoFailures();
			result.begunAfter(done).assertAnsweredBy(after);
			result.only((exchange) -> exchange.start() - begun < 0).assertAnsweredBy(before);
			result = kept.stop().assertNoFailures();
			assertThat(result.begunAfter(done).answers()).isNotEmpty();
			assertThat(after).containsAll(result.begunAfter(done).answers().keySet());
		}
		assertThat(cluster.cluster().workers()).extracting(Worker::generation).containsOnly(1);
		assertThat(cluster.cluster().workers()).extracting(Worker::index).containsExactly(0, 1);
		assertThat(cluster.cluster().workers()).extracting(Worker::restarts)
			.as("a reload is no failure")
			.containsOnly(0);
	}

	@Test
	@Order(2)
	void workersTakeNoNoteOfSignalsThatAreForThePrimary() {
		List<Long> before = awaitSettled();
		int reloads = cluster.cluster().reload().id();
		for (String signal : List.of("HUP", "USR2", "TTIN", "TTOU", "INT")) {
			Processes.signal(signal, before);
		}
		assertServe(before);
		assertThat(awaitSettled()).isEqualTo(before);
		assertThat(cluster.cluster().reload().id()).isEqualTo(reloads);
	}

	@Test
	@Order(3)
	void replacementThatExitsLeavesEverythingAsItWas() throws IOException {
		List<Long> before = awaitSettled();
		Files.createFile(failFile());
		Answer answer = operations.post("reload?wait=10m");
		Files.delete(failFile());
		assertThat(answer.status()).as(answer.body()).isEqualTo(500);
		assertThat(answer.state()).isEqualTo("FAILED");
		assertThat(answer.json().path("trigger").asString()).isEqualTo("endpoint");
		ClusterView.Failure failure = cluster.cluster().reload().failure();
		assertThat(failure.exitCode()).isEqualTo(1);
		assertThat(failure.reason()).contains("index " + failure.index()).contains("exit code 1");
		assertThat(failure.output()).hasSizeLessThanOrEqualTo(50)
			.anyMatch((line) -> line.contains("asked to fail at start"));
		assertServe(before);
		assertThat(awaitSettled()).isEqualTo(before);
	}

	@Test
	@Order(4)
	void abortEndsAReloadAfterItsStepAndDropsTheOneThatWaits() {
		List<Long> before = awaitSettled();
		int last = cluster.cluster().reload().id();
		cluster.signal("USR2");
		ClusterView.Reload reload = await().atMost(WAIT)
			.until(() -> cluster.cluster().reload(), (current) -> current.id() > last && current.step() == 1);
		assertThat(reload.trigger()).isEqualTo("SIGUSR2");
		Answer waiting = operations.post("reload");
		assertThat(waiting.status()).isEqualTo(202);
		assertThat(waiting.state()).isEqualTo("WAITING");
		assertThat(waiting.json().path("id").asInt()).isEqualTo(cluster.cluster().reload().waiting());
		Answer answer = operations.post("abort");
		assertThat(answer.status()).isEqualTo(202);
		ClusterView after = awaitOver();
		assertThat(after.reload().id()).isEqualTo(reload.id());
		assertThat(after.reload().state()).isEqualTo("ABORTED");
		assertThat(after.reload().failure().reason()).contains("1 of 2");
		assertThat(after.reload().waiting()).isNull();
		List<Long> workers = awaitSettled();
		assertThat(workers).as("one of two is replaced").filteredOn(before::contains).hasSize(1);
		Answer again = operations.post("abort");
		assertThat(again.status()).isEqualTo(409);
		assertThat(again.error()).contains("No reload");
	}

	@Test
	@Order(5)
	void restartReplacesOneWorker() {
		List<Long> before = awaitSettled();
		Worker worker = cluster.cluster().workers().get(1);
		Answer answer = operations.post("restart?wait=10m", "{\"id\": %d}".formatted(worker.id()));
		assertThat(answer.status()).as(answer.body()).isEqualTo(200);
		List<Long> after = awaitSettled();
		assertThat(after.get(0)).isEqualTo(before.get(0));
		assertThat(after.get(1)).isNotEqualTo(before.get(1));
		assertThat(cluster.cluster().workers().get(1).generation()).isEqualTo(worker.generation());
		Answer unknown = operations.post("restart", "{\"id\": %d}".formatted(worker.id()));
		assertThat(unknown.status()).isEqualTo(404);
		assertThat(unknown.error()).contains("no worker with the id " + worker.id());
	}

	@Test
	@Order(6)
	void clusterGrowsAndShrinks() {
		List<Long> before = awaitSettled();
		Answer answer = operations.post("scale", "{\"workers\": 3}");
		assertThat(answer.status()).as(answer.body()).isEqualTo(202);
		assertThat(answer.json().path("configuredWorkers").asInt()).isEqualTo(3);
		ClusterView larger = awaitWorkers(3);
		assertThat(larger.workers()).extracting(Worker::index).containsExactly(0, 1, 2);
		assertThat(larger.pids()).containsAll(before);
		cluster.signal("TTOU");
		cluster.awaitLine("SIGTTOU: one worker less", WAIT);
		assertThat(awaitSettled()).isEqualTo(before);
		cluster.signal("TTIN");
		await().atMost(WAIT).until(() -> cluster.cluster().configuredWorkers() == 3);
		// whether it has been ready or not
		cluster.signal("TTOU");
		await().atMost(WAIT).until(() -> cluster.cluster().configuredWorkers() == 2);
		assertThat(awaitSettled()).isEqualTo(before);
		assertServe(before);
	}

	@ParameterizedTest
	@Order(7)
	@CsvSource(delimiter = '|', textBlock = """
			scale | {"workers": 0} | 400 | from 1 to 4 (cluster.max-workers), but is 0
			scale | {"workers": 5} | 400 | from 1 to 4 (cluster.max-workers), but is 5
			scale | {"workers": "many"} | 400 | from 1 to 4 (cluster.max-workers), as 'workers': it is 'many'
			scale | {} | 400 | as 'workers': it is missing
			restart | {"id": 1.5} | 400 | the id of a worker
			reload?wait=soon | {} | 400 | Give 'wait' a time such as '90s'
			reload?wait=2h | {} | 400 | up to 1h
			abort?wait=2m | {} | 400 | does not wait: look at the cluster
			explode | {} | 404 | There are reload, abort, restart and scale
			""")
	void wrongInputIsExplainedAndChangesNothing(String operation, String body, int status, String explanation) {
		List<Long> before = awaitSettled();
		Answer answer = operations.post(operation, body);
		assertThat(answer.status()).as(answer.body()).isEqualTo(status);
		assertThat(answer.error()).contains(explanation);
		assertThat(awaitSettled()).isEqualTo(before);
	}

	@Test
	@Order(8)
	void applicationControlsItsCluster() throws IOException {
		List<Long> before = awaitSettled();
		assertThat(control("scale/9")).contains("from 1 to 4");
		assertThat(control("scale/2")).isEqualTo("2");
		assertThat(control("restart/" + cluster.cluster().workers().get(0).id())).isEqualTo("DONE");
		List<Long> restarted = awaitSettled();
		assertThat(restarted.get(0)).isNotEqualTo(before.get(0));
		assertThat(restarted.get(1)).isEqualTo(before.get(1));
		assertThat(control("reload")).isEqualTo("DONE");
		assertThat(cluster.cluster().reload().trigger()).isEqualTo("ClusterControl");
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(restarted);
	}

	private static String control(String command) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), WAIT)) {
			return connection.post("/control/" + command, new byte[0]).body();
		}
	}

	@Test
	@Order(9)
	@Tag("full")
	void reloadGoesOnWhenOldWorkersDie() {
		List<Long> before = awaitSettled();
		Pattern started = Pattern.compile("worker-\\d+ \\(index 0, pid (\\d+)\\) started");
		int lines = cluster.output().find(started).size();
		int generation = cluster.cluster().reload().generation();
		cluster.signal("HUP");
		String replacement = cluster.output().await(started, lines + 1, WAIT).get(lines).group(1);
		Processes.signal("KILL", before);
		ClusterView after = await().atMost(WAIT)
			.ignoreExceptions()
			.until(cluster::cluster,
					(view) -> view.reload().generation() == generation + 1 && view.reload().finishedAt() != null);
		assertThat(after.reload().state()).isEqualTo("DONE");
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before).contains(Long.valueOf(replacement));
		assertThat(cluster.cluster().workers()).extracting(Worker::generation).containsOnly(generation + 1);
	}

	/**
	 * How many reloads come of it depends on how long the first one takes.
	 */
	@Test
	@Order(10)
	@Tag("full")
	void stormOfSignalsEndsInTheSameNumberOfNewWorkers() {
		List<Long> before = awaitSettled();
		int generation = cluster.cluster().reload().generation();
		for (int i = 0; i < 10; i++) {
			for (String signal : List.of("HUP", "TTIN", "USR2", "TTOU")) {
				cluster.signal(signal);
			}
		}
		ClusterView.Reload last = await().atMost(WAIT.multipliedBy(2))
			.until(() -> cluster.cluster().reload(), (reload) -> reload.generation() >= generation + 2
					&& reload.finishedAt() != null && reload.waiting() == null);
		assertThat(last.state()).isEqualTo("DONE");
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before);
	}

	@Test
	@Order(11)
	void nothingIsLeftOfAllThis() {
		awaitSettled();
		assertThat(cluster.workerPids()).hasSize(2);
		await().atMost(WAIT)
			.untilAsserted(() -> assertThat(Processes.openDescriptors(cluster.pid())).isEqualTo(descriptors));
	}

	@Test
	@Order(12)
	void stopDuringAReloadEndsIt() throws Exception {
		Integer last = cluster.cluster().reload().id();
		CompletableFuture<Answer> answer = operations.begin("reload?wait=10m");
		await().atMost(WAIT).until(() -> {
			ClusterView.Reload reload = cluster.cluster().reload();
			return !Objects.equals(reload.id(), last) && reload.step() == 1;
		});
		cluster.signal("TERM");
		assertThat(answer.get(WAIT.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo("ABORTED");
		assertThat(cluster.awaitExit(WAIT)).isEqualTo(143);
		cluster.awaitNothingLeft(WAIT);
	}

}
