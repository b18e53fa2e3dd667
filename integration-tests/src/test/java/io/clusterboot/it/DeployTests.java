package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

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

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The jar of a running cluster is overwritten in place, by good and by bad ones, and the
 * cluster is reloaded. The name of the application tells its version.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class DeployTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static Operations operations;

	@BeforeAll
	static void start() throws IOException {
		Files.copy(ClusterProcess.demoJar(), jar());
		Files.createFile(variables());
		cluster = ClusterProcess.java("-jar", jar().toString())
			.directory(directory)
			.jvmOptions("-XX:+UseSerialGC")
			.property("cluster.reload.probation", "200ms")
			.property("cluster.drain.idle-grace", "100ms")
			.property("cluster.worker.environment-file", variables())
			.expectError("Reload \\d+ .*(FAILED|ABORTED)")
			.expectError("LoggingFailureAnalysisReporter|Application run failed")
			.start();
		cluster.awaitReady();
		operations = new Operations(cluster);
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static Path jar() {
		return directory.resolve("app.jar");
	}

	private static Path variables() {
		return directory.resolve("workers.env");
	}

	/**
	 * Overwrite the jar in place, as {@code cp} does, with a version of the demo that has
	 * other properties.
	 */
	private static void deploy(UnaryOperator<String> properties) throws IOException {
		Path work = Files.createTempDirectory(directory, "version");
		Path jar = Files.copy(ClusterProcess.demoJar(), work.resolve("app.jar"));
		String name = "BOOT-INF/classes/application.properties";
		ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
		Path original = Path.of("../demo-app/src/main/resources/application.properties");
		Path changed = Files.createDirectories(work.resolve(name).getParent()).resolve("application.properties");
		Files.writeString(changed, properties.apply(Files.readString(original)));
		int code = tool.run(System.out, System.err, "--update", "--file", jar.toString(), "-C", work.toString(), name);
		assertThat(code).isZero();
		overwrite(Files.readAllBytes(jar));
	}

	private static void overwrite(byte[] content) throws IOException {
		Object inode = Files.getAttribute(jar(), "unix:ino");
		Files.write(jar(), content);
		assertThat(Files.getAttribute(jar(), "unix:ino")).as("in place").isEqualTo(inode);
	}

	private static UnaryOperator<String> named(String name) {
		return (properties) -> properties.replace("spring.application.name=demo-app",
				"spring.application.name=" + name);
	}

	private static void assertAllAre(String name) throws Exception {
		Pids.assertAllAnswer(cluster.awaitReplaced(List.of()).pids(), () -> {
			ClusterView view = cluster.cluster();
			assertThat(view.application()).isEqualTo(name);
			return view.answeredBy().pid();
		});
	}

	/**
	 * The directory that has a copy of each build.
	 */
	private static Path copies() throws IOException {
		List<String> command = Arrays
			.asList(Files.readString(Path.of("/proc/" + cluster.workerPids().get(0) + "/cmdline")).split("\0"));
		Path copy = Path.of(command.get(command.indexOf("-jar") + 1));
		assertThat(copy.getFileName()).isEqualTo(jar().getFileName());
		assertThat(copy).isNotEqualTo(jar());
		return copy.getParent().getParent();
	}

	private static long count(Path parent) throws IOException {
		try (Stream<Path> children = Files.list(parent)) {
			return children.count();
		}
	}

	private static void replaceAllByKill() {
		for (Worker worker : cluster.cluster().workers()) {
			ClusterProcess.signal("KILL", List.of(worker.pid()));
			cluster.awaitReplaced(List.of(worker.pid()));
		}
	}

	private static Answer assertFailed(Answer answer) {
		assertThat(answer.status()).as(answer.body()).isEqualTo(500);
		assertThat(answer.state()).isEqualTo("FAILED");
		return answer;
	}

	@Test
	@Order(1)
	void newVersionIsRolledOut() throws Exception {
		ClusterView before = cluster.cluster();
		assertAllAre("demo-app");
		deploy(named("second"));
		Answer answer = operations.post("reload?wait=2m");
		assertThat(answer.status()).as(answer.body()).isEqualTo(200);
		cluster.awaitReplaced(before.pids());
		assertAllAre("second");
		assertThat(cluster.cluster().builds()).hasSize(1).doesNotContainAnyElementsOf(before.builds());
		await().atMost(TIMEOUT).until(() -> count(copies()) == 1);
	}

	@Test
	@Order(2)
	void brokenFileIsNotRolledOut() throws Exception {
		Set<Long> before = cluster.cluster().pids();
		overwrite("this is not a jar".getBytes());
		assertThat(assertFailed(operations.post("reload?wait=2m")).body())
			.contains("app.jar is no jar, or not complete");
		assertThat(cluster.cluster().pids()).isEqualTo(before);
		replaceAllByKill();
		assertAllAre("second");
	}

	@Test
	@Order(3)
	void versionThatCannotStartIsNotRolledOut() throws Exception {
		Set<Long> before = cluster.cluster().pids();
		deploy((properties) -> properties + "\nserver.tomcat.max-connections=many\n");
		assertThat(assertFailed(operations.post("reload?wait=2m")).body()).contains("server.tomcat.max-connections");
		assertThat(cluster.cluster().reload().failure().exitCode()).isEqualTo(1);
		assertThat(cluster.cluster().reload().failure().output()).isNotEmpty().hasSizeLessThanOrEqualTo(50);
		assertThat(cluster.cluster().pids()).isEqualTo(before);
		assertAllAre("second");
	}

	@Test
	@Order(4)
	void clusterThatIsHalfRolledOutKeepsBothVersions() throws Exception {
		deploy(named("third"));
		operations.post("reload");
		await().atMost(TIMEOUT).until(() -> cluster.cluster().reload().step() == 1);
		operations.post("abort");
		await().atMost(TIMEOUT).until(() -> "ABORTED".equals(cluster.cluster().reload().state()));
		ClusterView half = cluster.awaitReplaced(List.of());
		assertThat(half.builds()).hasSize(2);
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			assertThat(connection.get("/actuator/health").body()).contains(half.builds());
		}
		replaceAllByKill();
		ClusterView after = cluster.cluster();
		assertThat(after.workers()).extracting(Worker::build)
			.containsExactlyElementsOf(half.workers().stream().map(Worker::build).toList());
		assertThat(count(copies())).isEqualTo(2);
		assertThat(operations.post("reload?wait=2m").state()).isEqualTo("DONE");
		cluster.awaitReplaced(after.pids());
		assertAllAre("third");
		await().atMost(TIMEOUT).until(() -> count(copies()) == 1);
	}

	@Test
	@Order(5)
	void reloadPicksUpConfigurationAndVariables() throws Exception {
		String build = cluster.cluster().workers().get(0).build();
		Files.writeString(directory.resolve("application.properties"), "spring.application.name=from-a-file");
		assertThat(operations.post("reload?wait=2m").state()).isEqualTo("DONE");
		assertAllAre("from-a-file");
		Files.writeString(variables(), "SPRING_APPLICATION_NAME=\"from a variable\"\n");
		assertThat(operations.post("reload?wait=2m").state()).isEqualTo("DONE");
		assertAllAre("from a variable");
		assertThat(cluster.cluster().builds()).as("the files of the application are the same").containsExactly(build);
		Files.writeString(variables(), "no variable\n");
		Answer answer = operations.post("reload?wait=2m");
		assertThat(answer.state()).isEqualTo("FAILED");
		assertThat(answer.body()).contains("workers.env").contains("line 1");
		assertAllAre("from a variable");
	}

}
