package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.Operations.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A running cluster is reloaded, scaled and restarted. All tests share one.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ControlTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

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
			// who waits for two reloads in a worker that leaves needs time on a slow
			// machine
			.property("cluster.drain.timeout", "100s")
			.property("cluster.shutdown.timeout", "120s")
			.property("cluster.max-workers", 4)
			.property("app.fail-on-start", failFile())
			.property("app.readiness-directory", directory)
			.expectError("Application run failed")
			.expectError("(Reload|Restart) \\d+ .*(FAILED|ABORTED)")
			.start();
		cluster.awaitReady();
		operations = new Operations(cluster);
		descriptors = ClusterProcess.openDescriptors(cluster.pid());
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static Path failFile() {
		return directory.resolve("fail");
	}

	private static ClusterView awaitOver() {
		return await().atMost(TIMEOUT).until(cluster::cluster, (view) -> view.reload().finishedAt() != null);
	}

	private static ClusterView awaitWorkers(int workers) {
		return await().atMost(TIMEOUT)
			.until(cluster::cluster, (view) -> view.configuredWorkers() == workers && view.readyWorkers() == workers
					&& view.workers().size() == workers);
	}

	private static List<Long> awaitSettled() {
		return awaitWorkers(2).workers().stream().map(Worker::pid).toList();
	}

	private static Matcher awaitLineAfter(int lines, String regex) {
		return cluster.output().await(Pattern.compile(regex), lines + 1, TIMEOUT).get(lines);
	}

	private static int linesWith(String regex) {
		return cluster.output().find(Pattern.compile(regex)).size();
	}

	@Test
	@Order(1)
	void reloadReplacesAllWorkersAndAnswersWhenItIsDone() {
		List<Long> before = awaitSettled();
		assertThat(cluster.cluster().reload().state()).isEqualTo("IDLE");
		try (LoadGenerator.Running fresh = LoadGenerator.on(cluster.port())
			.clients(2)
			.pause(Duration.ofMillis(5))
			.duration(TIMEOUT)
			.start();
				LoadGenerator.Running kept = LoadGenerator.on(cluster.port())
					.clients(2)
					.keepAlive()
					.pause(Duration.ofMillis(5))
					.duration(TIMEOUT)
					.start()) {
			fresh.awaitAnswers(20);
			kept.awaitAnswers(20);
			long begun = System.nanoTime();
			CompletableFuture<Answer> outcome = operations.begin("reload?wait=2m");
			await().atMost(TIMEOUT.multipliedBy(6)).until(() -> {
				assertThat(cluster.cluster().readyWorkers()).as("ready during the reload").isEqualTo(2);
				return outcome.isDone();
			});
			Answer answer = outcome.join();
			long done = System.nanoTime();
			assertThat(answer.status()).as(answer.body()).isEqualTo(200);
			assertThat(answer.state()).isEqualTo("DONE");
			assertThat(answer.json().path("trigger").asString()).isEqualTo("endpoint");
			fresh.awaitAnswers(20);
			kept.awaitAnswers(20);
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

	@ParameterizedTest
	@Order(2)
	@ValueSource(strings = { "HUP", "USR2" })
	void signalReloads(String signal) {
		List<Long> before = awaitSettled();
		int generation = cluster.cluster().reload().generation();
		cluster.signal(signal);
		cluster.awaitLine("SIG" + signal + ": reload");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().generation() == generation + 1);
		ClusterView after = awaitOver();
		assertThat(after.reload().state()).isEqualTo("DONE");
		assertThat(after.reload().trigger()).isEqualTo("SIG" + signal);
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before);
	}

	@Test
	@Order(3)
	void workersTakeNoNoteOfSignalsThatAreForThePrimary() {
		List<Long> before = awaitSettled();
		int reloads = cluster.cluster().reload().id();
		for (String signal : List.of("HUP", "USR2", "TTIN", "TTOU", "INT")) {
			ClusterProcess.signal(signal, before);
		}
		LoadGenerator.on(cluster.port()).requests(100).run().assertNoFailures().assertAnsweredBy(before);
		assertThat(awaitSettled()).isEqualTo(before);
		assertThat(cluster.cluster().reload().id()).isEqualTo(reloads);
	}

	@Test
	@Order(4)
	void reloadsThatAreAskedForMeanwhileAreOne() throws Exception {
		Answer first = operations.post("reload");
		CompletableFuture<Answer> second = operations.begin("reload?wait=2m");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().waiting() != null);
		Answer third = operations.post("reload");
		assertThat(first.status()).isEqualTo(202);
		assertThat(third.status()).isEqualTo(202);
		assertThat(third.state()).isEqualTo("WAITING");
		Answer outcome = second.get(2, TimeUnit.MINUTES);
		assertThat(outcome.status()).as(outcome.body()).isEqualTo(200);
		assertThat(outcome.json().path("id")).isEqualTo(third.json().path("id")).isNotEqualTo(first.json().path("id"));
		assertThat(cluster.cluster().reload().waiting()).isNull();
	}

	@Test
	@Order(5)
	void replacementThatExitsLeavesEverythingAsItWas() throws IOException {
		List<Long> before = awaitSettled();
		Files.createFile(failFile());
		Answer answer = operations.post("reload?wait=2m");
		Files.delete(failFile());
		assertThat(answer.status()).as(answer.body()).isEqualTo(500);
		assertThat(answer.state()).isEqualTo("FAILED");
		ClusterView.Failure failure = cluster.cluster().reload().failure();
		assertThat(failure.exitCode()).isEqualTo(1);
		assertThat(failure.reason()).contains("index " + failure.index()).contains("exit code 1");
		assertThat(failure.output()).hasSizeLessThanOrEqualTo(50)
			.anyMatch((line) -> line.contains("asked to fail at start"));
		LoadGenerator.on(cluster.port()).requests(50).run().assertNoFailures().assertAnsweredBy(before);
		assertThat(awaitSettled()).isEqualTo(before);
	}

	@Test
	@Order(6)
	void replacementThatDoesNotStayReadyLeavesEverythingAsItWas() throws Exception {
		List<Long> before = awaitSettled();
		String ready = "worker-\\d+ \\(index \\d, pid (\\d+)\\) is ready";
		int lines = linesWith(ready);
		CompletableFuture<Answer> answer = operations.begin("reload?wait=2m");
		String pid = awaitLineAfter(lines, ready).group(1);
		Files.createFile(directory.resolve("refuse-" + pid));
		assertThat(answer.get(2, TimeUnit.MINUTES).state()).isEqualTo("FAILED");
		assertThat(cluster.cluster().reload().failure().reason()).contains("pid " + pid).contains("refuses traffic");
		assertThat(awaitSettled()).isEqualTo(before);
	}

	@Test
	@Order(7)
	void abortEndsAReloadAfterItsStep() {
		List<Long> before = awaitSettled();
		operations.post("reload");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().step() == 1);
		Answer answer = operations.post("abort");
		assertThat(answer.status()).isEqualTo(202);
		ClusterView after = awaitOver();
		assertThat(after.reload().state()).isEqualTo("ABORTED");
		assertThat(after.reload().failure().reason()).contains("1 of 2");
		List<Long> workers = awaitSettled();
		assertThat(workers).as("one of two is replaced").filteredOn(before::contains).hasSize(1);
		Answer again = operations.post("abort");
		assertThat(again.status()).isEqualTo(409);
		assertThat(again.error()).contains("No reload");
	}

	@Test
	@Order(8)
	void restartReplacesOneWorker() {
		List<Long> before = awaitSettled();
		Worker worker = cluster.cluster().workers().get(1);
		Answer answer = operations.post("restart?wait=2m", "{\"id\": %d}".formatted(worker.id()));
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
	@Order(9)
	void clusterGrowsAndShrinks() {
		List<Long> before = awaitSettled();
		Answer answer = operations.post("scale", "{\"workers\": 3}");
		assertThat(answer.status()).as(answer.body()).isEqualTo(202);
		assertThat(answer.json().path("configuredWorkers").asInt()).isEqualTo(3);
		ClusterView larger = awaitWorkers(3);
		assertThat(larger.workers()).extracting(Worker::index).containsExactly(0, 1, 2);
		assertThat(larger.pids()).containsAll(before);
		cluster.signal("TTOU");
		cluster.awaitLine("SIGTTOU: one worker less");
		assertThat(awaitSettled()).isEqualTo(before);
		cluster.signal("TTIN");
		awaitWorkers(3);
		cluster.signal("TTOU");
		awaitWorkers(2);
		LoadGenerator.on(cluster.port()).requests(50).run().assertNoFailures().assertAnsweredBy(before);
	}

	@ParameterizedTest
	@Order(10)
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
	@Order(11)
	void applicationControlsItsCluster() throws IOException {
		List<Long> before = awaitSettled();
		assertThat(control("scale/9")).contains("from 1 to 4");
		assertThat(control("scale/2")).isEqualTo("2");
		assertThat(control("restart/" + cluster.cluster().workers().get(0).id())).isEqualTo("DONE");
		assertThat(control("reload")).isEqualTo("DONE");
		assertThat(cluster.cluster().reload().trigger()).isEqualTo("ClusterControl");
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before);
	}

	private static String control(String command) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Duration.ofMinutes(1))) {
			return connection.post("/control/" + command, new byte[0]).body();
		}
	}

	@Test
	@Order(12)
	void reloadGoesOnWhenOldWorkersDie() {
		List<Long> before = awaitSettled();
		String started = "worker-\\d+ \\(index 0, pid (\\d+)\\) started";
		int lines = linesWith(started);
		int generation = cluster.cluster().reload().generation();
		cluster.signal("HUP");
		String replacement = awaitLineAfter(lines, started).group(1);
		ClusterProcess.signal("KILL", before);
		ClusterView after = await().atMost(TIMEOUT)
			.ignoreExceptions()
			.until(cluster::cluster,
					(view) -> view.reload().generation() == generation + 1 && view.reload().finishedAt() != null);
		assertThat(after.reload().state()).isEqualTo("DONE");
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before).contains(Long.valueOf(replacement));
		assertThat(cluster.cluster().workers()).extracting(Worker::generation).containsOnly(generation + 1);
	}

	@Test
	@Order(13)
	void scaleDuringAReloadEndsInWhatWasAskedForLast() {
		operations.post("reload");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().step() == 1);
		operations.post("scale", "{\"workers\": 3}");
		operations.post("scale", "{\"workers\": 1}");
		operations.post("scale", "{\"workers\": 2}");
		ClusterView after = awaitOver();
		assertThat(after.reload().state()).isEqualTo("DONE");
		awaitSettled();
		assertThat(cluster.cluster().workers()).extracting(Worker::generation)
			.containsOnly(after.reload().generation());
	}

	@Test
	@Order(14)
	void stormOfSignalsEndsInOneMoreReloadAndTheSameNumberOfWorkers() {
		List<Long> before = awaitSettled();
		int generation = cluster.cluster().reload().generation();
		for (int i = 0; i < 10; i++) {
			for (String signal : List.of("HUP", "TTIN", "USR2", "TTOU")) {
				cluster.signal(signal);
			}
		}
		ClusterView.Reload last = await().atMost(TIMEOUT)
			.until(() -> cluster.cluster().reload(), (reload) -> reload.generation() > generation
					&& reload.finishedAt() != null && reload.waiting() == null);
		assertThat(last.state()).isEqualTo("DONE");
		assertThat(last.generation()).isEqualTo(generation + 2);
		assertThat(awaitSettled()).doesNotContainAnyElementsOf(before);
	}

	@Test
	@Order(15)
	void nothingIsLeftOfAllThis() {
		awaitSettled();
		assertThat(cluster.workerPids()).hasSize(2);
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(ClusterProcess.openDescriptors(cluster.pid())).isEqualTo(descriptors));
	}

	@Test
	@Order(16)
	void stopDuringAReloadEndsIt() throws Exception {
		CompletableFuture<Answer> answer = operations.begin("reload?wait=2m");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().step() == 1);
		cluster.signal("TERM");
		assertThat(answer.get(1, TimeUnit.MINUTES).state()).isEqualTo("ABORTED");
		assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
		cluster.awaitNothingLeft(Duration.ofSeconds(2));
	}

}
