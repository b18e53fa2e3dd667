package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;

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
 * The jar of a running cluster is overwritten in place with garbage. Nothing that the
 * primary does from then on may need it: each test is one thing that it does, and the JVM
 * tells which classes it has loaded meanwhile.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ReplacedJarTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final Random random = new Random(1);

	@TempDir
	private static Path directory;

	private static Path jar;

	private static ClusterProcess cluster;

	/** Length of the primary's account of its classes when the jar was overwritten. */
	private static int before;

	@BeforeAll
	static void startAndOverwrite() throws IOException {
		jar = Files.copy(ClusterProcess.demoJar(), directory.resolve("app.jar"));
		cluster = ClusterProcess.java("-jar", jar.toString())
			.directory(directory)
			.jvmOptions("-Djava.io.tmpdir=" + Files.createDirectory(directory.resolve("tmp")),
					"-Xlog:class+load:file=classes.log")
			.property("logging.level.io.clusterboot.primary.Preload", "debug")
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.reload.probation", "200ms")
			.expectError("Reload \\d+ .* FAILED")
			.expectError("A worker for index \\d cannot be started")
			.start();
		cluster.awaitReady();
		cluster.awaitLine("classes loaded within");
		before = classes().size();
		overwrite(1_000_000);
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	/**
	 * As {@code cp} does: whoever has the file open sees it change.
	 */
	private static void overwrite(int length) throws IOException {
		byte[] garbage = new byte[length];
		random.nextBytes(garbage);
		Files.write(jar, garbage);
	}

	private static List<String> classes() throws IOException {
		return Files.readAllLines(directory.resolve("classes.log"));
	}

	private static Path launchedJar(long pid) throws IOException {
		List<String> words = List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
		return Path.of(words.get(words.indexOf("-jar") + 1));
	}

	@Test
	@Order(1)
	void killedWorkersComeBackFromTheCopy() throws IOException {
		for (int round = 0; round < 2; round++) {
			List<Long> killed = cluster.workerPids();
			ClusterProcess.signal("KILL", killed);
			cluster.awaitReplaced(killed);
			for (long pid : cluster.workerPids()) {
				assertThat(launchedJar(pid)).hasSameBinaryContentAs(ClusterProcess.demoJar());
			}
			overwrite(40_000_000);
		}
	}

	@Test
	@Order(2)
	void clusterIsDescribed() {
		assertThat(cluster.cluster().readyWorkers()).isEqualTo(2);
		assertThat(cluster.cluster().workers()).allMatch((worker) -> "SIGKILL".equals(worker.lastExit().signal()));
	}

	@Test
	@Order(3)
	void workerThatIsToEndIsReplaced() {
		long leaving = cluster.workerPids().get(0);
		ClusterProcess.signal("TERM", List.of(leaving));
		cluster.awaitReplaced(List.of(leaving));
	}

	@Test
	@Order(4)
	void failureToStartAWorkerIsLoggedAndOvercome() throws Exception {
		long pid = cluster.pid();
		List<Long> killed = cluster.workerPids().subList(0, 1);
		String limit = limitOfDescriptors(pid, "8");
		ClusterProcess.signal("KILL", killed);
		cluster.awaitLine("A worker for index \\d cannot be started");
		cluster.awaitLine("^\tat io.clusterboot.primary.WorkerSpawner");
		limitOfDescriptors(pid, limit);
		cluster.awaitReplaced(killed);
	}

	/**
	 * Change the limit of a running process.
	 * @return the limit before
	 */
	private static String limitOfDescriptors(long pid, String limit) throws Exception {
		String before = Files.readAllLines(Path.of("/proc/" + pid + "/limits"))
			.stream()
			.filter((line) -> line.startsWith("Max open files"))
			.map((line) -> line.split("\\s+")[3])
			.findFirst()
			.orElseThrow();
		Process prlimit = new ProcessBuilder("prlimit", "--pid", Long.toString(pid), "--nofile=" + limit + ":")
			.inheritIO()
			.start();
		assertThat(prlimit.waitFor()).isZero();
		return before;
	}

	@Test
	@Order(5)
	void allOperationsAreCarriedOut() throws Exception {
		Operations operations = new Operations(cluster);
		assertThat(operations.post("scale", "{\"workers\": 3}").status()).isEqualTo(202);
		awaitWorkers(3);
		cluster.signal("TTOU");
		int id = awaitWorkers(2).workers().get(0).id();
		assertThat(operations.post("restart?wait=2m", "{\"id\": %d}".formatted(id)).status()).isEqualTo(200);
		assertThat(operations.post("abort").status()).isEqualTo(409);
		assertThat(operations.post("scale", "{\"workers\": 0}").status()).isEqualTo(400);
		assertThat(operations.post("restart", "{\"id\": 4711}").status()).isEqualTo(404);
		Operations.Answer answer = operations.post("reload?wait=2m");
		assertThat(answer.status()).isEqualTo(500);
		assertThat(answer.body()).contains("app.jar is no jar, or not complete");
		int failed = cluster.cluster().reload().id();
		cluster.signal("HUP");
		await().atMost(TIMEOUT)
			.until(() -> cluster.cluster().reload(),
					(reload) -> reload.id() > failed && "FAILED".equals(reload.state()));
		awaitWorkers(2);
	}

	private static ClusterView awaitWorkers(int workers) {
		return await().atMost(TIMEOUT)
			.until(cluster::cluster, (view) -> view.readyWorkers() == workers && view.workers().size() == workers);
	}

	@Test
	@Order(100)
	void primaryStops() throws IOException {
		cluster.signal("TERM");
		assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
		cluster.awaitNothingLeft(TIMEOUT);
		await().atMost(TIMEOUT)
			.until(() -> directory.resolve("tmp").toFile().list((parent, name) -> name.startsWith("clusterboot-")),
					(names) -> names.length == 0);
	}

	@Test
	@Order(101)
	void noClassWasLoadedFromTheJar() throws IOException {
		List<String> all = classes();
		assertThat(all.subList(0, before)).anyMatch((line) -> line.contains(jar.toString()));
		assertThat(all.subList(before, all.size())).noneMatch((line) -> line.contains(jar.toString()));
	}

}
