package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

import io.clusterboot.it.ClusterView.Reload;
import io.clusterboot.it.ClusterView.Worker;
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

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static Operations operations;

	@BeforeAll
	static void start() throws IOException {
		Files.write(jar(), ExecutableJar.version(named("first")));
		Files.createFile(variables());
		Files.createFile(startGate());
		cluster = ClusterProcess.java("-jar", jar().toString())
			.directory(directory)
			.jvmOptions("-XX:+UseSerialGC")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("management.endpoint.health.show-details", "always")
			.property("app.start-gate", startGate())
			.property("cluster.startup.timeout", "10m")
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
	 * Without this file, workers do not get beyond the last step of their start.
	 */
	private static Path startGate() {
		return directory.resolve("start-gate");
	}

	private static String named(String name) {
		return "spring.application.name=" + name;
	}

	/**
	 * Overwrite the jar in place, as {@code cp} does.
	 */
	private static void overwrite(byte[] content) throws IOException {
		Object inode = Files.getAttribute(jar(), "unix:ino");
		Files.write(jar(), content);
		assertThat(Files.getAttribute(jar(), "unix:ino")).as("in place").isEqualTo(inode);
	}

	/**
	 * Reload, and wait for the end of it.
	 */
	private static Reload reload() {
		int before = lastReload();
		assertThat(operations.post("reload").status()).isEqualTo(202);
		return awaitEnd(before);
	}

	private static int lastReload() {
		Integer id = cluster.cluster().reload().id();
		return (id != null) ? id : 0;
	}

	private static Reload awaitEnd(int before) {
		return await().atMost(Deadlines.EVENT)
			.until(() -> cluster.cluster().reload(), (reload) -> reload.id() != null && reload.id() > before
					&& Set.of("DONE", "FAILED", "ABORTED").contains(reload.state()));
	}

	private static void assertAllAre(String name) throws Exception {
		Pids.assertAllAnswer(cluster.awaitReplaced(List.of()).pids(), () -> {
			ClusterView view = cluster.cluster();
			assertThat(view.application()).isEqualTo(name);
			return view.answeredBy().pid();
		});
	}

	private static Map<Integer, String> buildsByIndex(ClusterView view) {
		Map<Integer, String> builds = new TreeMap<>();
		view.workers().forEach((worker) -> builds.put(worker.index(), worker.build()));
		return builds;
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

	private static void awaitOneCopy() throws IOException {
		Path copies = copies();
		await().atMost(Deadlines.EVENT).until(() -> count(copies) == 1);
	}

	@Test
	@Order(1)
	void brokenFileIsNotRolledOut() throws Exception {
		assertAllAre("first");
		Set<Long> before = cluster.cluster().pids();
		overwrite("this is not a jar".getBytes(StandardCharsets.UTF_8));
		Reload reload = reload();
		assertThat(reload.state()).isEqualTo("FAILED");
		assertThat(reload.failure().reason()).contains("app.jar is no jar, or not complete");
		assertThat(cluster.cluster().pids()).isEqualTo(before);
	}

	@Test
	@Order(2)
	void versionThatCannotStartIsNotRolledOut() throws Exception {
		Set<Long> before = cluster.cluster().pids();
		overwrite(ExecutableJar.version(named("broken"), "server.tomcat.max-connections=many"));
		Reload reload = reload();
		assertThat(reload.state()).isEqualTo("FAILED");
		assertThat(reload.failure().exitCode()).isEqualTo(1);
		assertThat(reload.failure().output()).hasSizeLessThanOrEqualTo(50)
			.anyMatch((line) -> line.contains("server.tomcat.max-connections"));
		assertThat(cluster.cluster().pids()).isEqualTo(before);
		assertAllAre("first");
	}

	/**
	 * The first replacement waits in its start until the reload has been aborted, so that
	 * the reload cannot be over before.
	 */
	@Test
	@Order(3)
	void clusterThatIsHalfRolledOutKeepsBothVersions() throws Exception {
		overwrite(ExecutableJar.version(named("second")));
		int before = lastReload();
		Files.delete(startGate());
		assertThat(operations.post("reload").status()).isEqualTo(202);
		await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().workers().size() == 3);
		assertThat(operations.post("abort").status()).isEqualTo(202);
		Files.createFile(startGate());
		Reload reload = awaitEnd(before);
		assertThat(reload.state()).isEqualTo("ABORTED");
		assertThat(reload.step()).isEqualTo(1);
		ClusterView half = cluster.awaitReplaced(List.of());
		assertThat(half.builds()).hasSize(2);
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			assertThat(connection.get("/actuator/health").body()).contains(half.builds());
		}
		Processes.signal("KILL", cluster.workerPids());
		ClusterView after = cluster.awaitReplaced(half.pids());
		assertThat(buildsByIndex(after)).isEqualTo(buildsByIndex(half));
		assertThat(count(copies())).isEqualTo(2);
	}

	@Test
	@Order(4)
	void newVersionIsRolledOut() throws Exception {
		ClusterView before = cluster.cluster();
		assertThat(reload().state()).isEqualTo("DONE");
		ClusterView after = cluster.awaitReplaced(before.pids());
		assertAllAre("second");
		assertThat(after.builds()).hasSize(1).isSubsetOf(before.builds());
		assertThat(after.workers()).extracting(Worker::build).containsOnly(after.builds().get(0));
		awaitOneCopy();
	}

	@Test
	@Order(5)
	void reloadPicksUpConfigurationAndVariables() throws Exception {
		String build = cluster.cluster().workers().get(0).build();
		Files.writeString(directory.resolve("application.properties"), named("from-a-file"));
		Files.writeString(variables(), "APP_COLOUR=\"light blue\"\n");
		assertThat(reload().state()).isEqualTo("DONE");
		assertAllAre("from-a-file");
		assertThat(cluster.cluster().builds()).as("the files of the application are the same").containsExactly(build);
		for (long pid : cluster.workerPids()) {
			assertThat(Files.readString(Path.of("/proc/" + pid + "/environ")).split("\0"))
				.contains("APP_COLOUR=light blue");
		}
		Set<Long> before = cluster.cluster().pids();
		Files.writeString(variables(), "no variable\n");
		Reload reload = reload();
		assertThat(reload.state()).isEqualTo("FAILED");
		assertThat(reload.failure().reason()).contains("workers.env").contains("line 1");
		assertThat(cluster.cluster().pids()).isEqualTo(before);
	}

}
