package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.spi.ToolProvider;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The packaged demo, one jar with all its libraries within, as users launch and deploy
 * it. While the cluster runs, the jar is overwritten in place with garbage. Nothing that
 * the primary does from then on may need it: each test is one thing that it does, and the
 * JVM tells which classes it has loaded meanwhile.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ReplacedJarTests {

	private static final Random random = new Random(1);

	@TempDir
	private static Path directory;

	private static Path jar;

	private static ClusterProcess cluster;

	private static Operations operations;

	/** Length of the primary's account of its classes when the jar was overwritten. */
	private static int before;

	@BeforeAll
	static void start() throws IOException {
		jar = Files.copy(DemoJar.path(), directory.resolve("app.jar"));
		cluster = ClusterProcess.java("-jar", jar.toString())
			.directory(directory)
			.workers(1)
			.jvmOptions("-Xmx64m", "-XX:+UseSerialGC",
					"-Djava.io.tmpdir=" + Files.createDirectory(directory.resolve("tmp")),
					"-Xlog:class+load:file=classes.log")
			.property("logging.level.io.clusterboot.primary.Preload", "debug")
			.property("cluster.startup.timeout", "10m")
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.reload.probation", "200ms")
			.expectError("Reload \\d+ .* FAILED")
			.expectError("A worker for index \\d cannot be started")
			.start();
		cluster.awaitReady();
		cluster.awaitLine("classes loaded within");
		operations = new Operations(cluster);
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

	private static List<String> command(long pid) throws IOException {
		return List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
	}

	private static List<String> arguments(List<String> command) {
		return command.subList(command.indexOf("-jar") + 2, command.size());
	}

	private static Path launchedJar(long pid) throws IOException {
		List<String> words = command(pid);
		return Path.of(words.get(words.indexOf("-jar") + 1));
	}

	@Test
	@Order(1)
	void workerIsStartedAsThePrimaryWasAndHasTheHeapThatTheUserChose() throws IOException {
		long worker = cluster.workerPids().get(0);
		List<String> primary = command(cluster.pid());
		List<String> command = command(worker);
		assertThat(command).containsOnlyOnce("-Xmx64m", "-jar").noneMatch((word) -> word.contains("RAMPercentage"));
		assertThat(arguments(command)).isNotEmpty().isEqualTo(arguments(primary));
		assertThat(launchedJar(worker)).isNotEqualTo(launchedJar(cluster.pid()))
			.hasSameBinaryContentAs(DemoJar.path())
			.hasFileName("app.jar");
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(cluster.cluster().worker(worker).load().heapMax()).isBetween(60L << 20,
					64L << 20));
	}

	@Test
	@Order(2)
	void killedWorkerComesBackFromTheCopy() throws IOException {
		before = classes().size();
		overwrite(1_000_000);
		List<Long> killed = cluster.workerPids();
		Processes.signal("KILL", killed);
		ClusterView view = cluster.awaitReplaced(killed);
		assertThat(launchedJar(cluster.workerPids().get(0))).hasSameBinaryContentAs(DemoJar.path());
		assertThat(view.workers()).allMatch((worker) -> "SIGKILL".equals(worker.lastExit().signal()));
		overwrite(40_000_000);
	}

	@Test
	@Order(3)
	@Tag("full")
	void workerThatIsToEndIsReplaced() {
		long leaving = cluster.workerPids().get(0);
		Processes.signal("TERM", List.of(leaving));
		cluster.awaitReplaced(List.of(leaving));
	}

	@Test
	@Order(4)
	@Tag("full")
	void failureToStartAWorkerIsLoggedAndOvercome() throws Exception {
		long pid = cluster.pid();
		List<Long> killed = cluster.workerPids();
		String limit = limitOfDescriptors(pid, "8");
		Processes.signal("KILL", killed);
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
	void allOperationsAreCarriedOut() {
		assertThat(operations.post("scale", "{\"workers\": 2}").status()).isEqualTo(202);
		awaitWorkers(2);
		cluster.signal("TTOU");
		ClusterView view = awaitWorkers(1);
		int id = view.workers().get(0).id();
		assertThat(operations.post("restart", "{\"id\": %d}".formatted(id)).status()).isEqualTo(202);
		cluster.awaitReplaced(view.pids());
		assertThat(operations.post("abort").status()).isEqualTo(409);
		assertThat(operations.post("scale", "{\"workers\": 0}").status()).isEqualTo(400);
		assertThat(operations.post("restart", "{\"id\": 4711}").status()).isEqualTo(404);
		// to learn that there is no build takes next to no time
		Operations.Answer answer = operations.post("reload?wait=10m");
		assertThat(answer.status()).isEqualTo(500);
		assertThat(answer.body()).contains("app.jar is no jar, or not complete");
		int failed = awaitReload(0, "FAILED");
		cluster.signal("HUP");
		awaitReload(failed, "FAILED");
		awaitWorkers(1);
	}

	private static ClusterView awaitWorkers(int workers) {
		return await().atMost(Deadlines.EVENT)
			.until(cluster::cluster, (view) -> view.readyWorkers() == workers && view.workers().size() == workers);
	}

	private static int awaitReload(int after, String state) {
		return await().atMost(Deadlines.EVENT)
			.until(() -> cluster.cluster().reload(),
					(reload) -> reload.id() != null && reload.id() > after && state.equals(reload.state()))
			.id();
	}

	@Test
	@Order(6)
	void newVersionIsRolledOut() throws Exception {
		ClusterView former = cluster.cluster();
		Files.write(jar, newVersion());
		assertThat(operations.post("reload").status()).isEqualTo(202);
		awaitReload(former.reload().id(), "DONE");
		ClusterView view = cluster.awaitReplaced(former.pids());
		assertThat(view.application()).isEqualTo("new-version");
		assertThat(view.builds()).hasSize(1).doesNotContainAnyElementsOf(former.builds());
		assertThat(launchedJar(cluster.workerPids().get(0))).hasSameBinaryContentAs(jar);
	}

	/**
	 * The demo under another name.
	 */
	private static byte[] newVersion() throws IOException {
		Path work = Files.createDirectory(directory.resolve("new-version"));
		Path changed = Files.copy(DemoJar.path(), work.resolve("app.jar"));
		String name = "BOOT-INF/classes/application.properties";
		Path properties = work.resolve(name);
		Files.createDirectories(properties.getParent());
		Files.writeString(properties, "spring.application.name=new-version\n");
		int code = ToolProvider.findFirst("jar")
			.orElseThrow()
			.run(System.out, System.err, "--update", "--file", changed.toString(), "-C", work.toString(), name);
		assertThat(code).isZero();
		return Files.readAllBytes(changed);
	}

	@Test
	@Order(100)
	void primaryStops() throws IOException {
		cluster.signal("TERM");
		assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(143);
		cluster.awaitNothingLeft(Deadlines.EVENT);
		assertThat(directory.resolve("tmp")).isDirectoryNotContaining("glob:**clusterboot-*");
	}

	@Test
	@Order(101)
	void noClassWasLoadedFromTheJar() throws IOException {
		List<String> all = classes();
		assertThat(all.subList(0, before)).anyMatch(ReplacedJarTests::isOfTheJar);
		assertThat(all.subList(before, all.size())).noneMatch(ReplacedJarTests::isOfTheJar);
	}

	/**
	 * The source of a class is a URL.
	 */
	private static boolean isOfTheJar(String line) {
		return line.contains(jar.toUri().getRawPath());
	}

}
