package io.clusterboot.it;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The copies that workers run from, and the directory of the socket, exist for as long as
 * somebody uses them, however the primary ends.
 */
@ExtendWith(PrintOutputOnFailure.class)
class BuildsTests {

	@TempDir
	private Path directory;

	private Path jar;

	private Path temporary;

	private Path elsewhere;

	@BeforeEach
	void createDirectories() throws IOException {
		this.jar = Files.write(this.directory.resolve("app.jar"), ExecutableJar.version());
		this.temporary = Files.createDirectory(this.directory.resolve("tmp"));
		this.elsewhere = this.directory.resolve("else/where");
	}

	private ClusterProcessBuilder application(boolean elsewhere) {
		ClusterProcessBuilder builder = ClusterProcess.java("-jar", this.jar.toString())
			.workers(1)
			.jvmOptions("-XX:+UseSerialGC", "-Djava.io.tmpdir=" + this.temporary)
			.property("cluster.startup.timeout", "10m")
			.property("cluster.drain.timeout", "10m")
			.property("cluster.shutdown.timeout", "15m")
			.property("cluster.drain.idle-grace", "200ms")
			.expectError("primary is gone");
		return (elsewhere) ? builder.property("cluster.staging.directory", this.elsewhere) : builder;
	}

	private static List<Path> clusterFiles(Path directory) throws IOException {
		if (!Files.exists(directory)) {
			return List.of();
		}
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter((file) -> file.getFileName().toString().startsWith("clusterboot-")).toList();
		}
	}

	private static Path launchedJar(long pid) throws IOException {
		List<String> words = List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
		return Path.of(words.get(words.indexOf("-jar") + 1));
	}

	@Test
	void copiesElsewhereAreRemovedByTheNextClusterOrTheLastWorker() throws Exception {
		assertRemoved(true);
	}

	@Test
	@Tag("full")
	void copiesBesideTheSocketAreRemovedByTheNextClusterOrTheLastWorker() throws Exception {
		assertRemoved(false);
	}

	/**
	 * Of three clusters one is killed as a whole, one comes afterwards, and one, which is
	 * there all the time, loses its primary.
	 */
	private void assertRemoved(boolean elsewhere) throws Exception {
		try (ClusterProcess lasting = application(elsewhere).workers(2).start();
				ClusterProcess killed = application(elsewhere).start()) {
			lasting.awaitReady();
			killed.awaitReady();
			Path inUse = launchedJar(lasting.workerPids().get(0));
			assertThat(inUse).startsWith((elsewhere) ? this.elsewhere : this.temporary);
			assertThat(PrivateSocketTests.socketOf(lasting.workerPids().get(0))).startsWith(this.temporary);
			Processes.signal("KILL", killed.allPids());
			killed.awaitNothingLeft(Deadlines.EVENT);
			List<Path> left = clusterFiles(this.temporary);
			assertThat(left).hasSize(2);
			try (ClusterProcess next = application(elsewhere).start()) {
				next.awaitReady();
				assertThat(clusterFiles(this.temporary)).hasSize(2).isNotEqualTo(left);
				assertThat(clusterFiles(this.elsewhere)).hasSize((elsewhere) ? 2 : 0);
				assertThat(inUse).exists();
			}
			assertThat(clusterFiles(this.temporary)).hasSize(1);
			assertThat(clusterFiles(this.elsewhere)).hasSize((elsewhere) ? 1 : 0);
			assertRemovedByTheLastWorker(lasting, inUse);
		}
		assertThat(clusterFiles(this.temporary)).isEmpty();
		assertThat(clusterFiles(this.elsewhere)).isEmpty();
	}

	/**
	 * Of two workers one is idle and leaves when the primary has been killed; the other
	 * has a request to answer, and needs its classes until then.
	 */
	private void assertRemovedByTheLastWorker(ClusterProcess cluster, Path inUse) throws Exception {
		Path gate = this.directory.resolve("gate");
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			connection.send("GET",
					"/hold?name=request&gate=" + URLEncoder.encode(gate.toString(), StandardCharsets.UTF_8),
					new byte[0]);
			cluster.awaitLine("holding request");
			cluster.signal("KILL");
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(137);
			await().atMost(Deadlines.EVENT).until(() -> cluster.allPids().size() == 1);
			assertThat(inUse).exists();
			long last = cluster.allPids().get(0);
			Files.createFile(gate);
			assertThat(connection.read().pid()).isEqualTo(last);
		}
		cluster.awaitNothingLeft(Deadlines.EVENT);
		assertThat(clusterFiles(this.temporary)).isEmpty();
		assertThat(clusterFiles(this.elsewhere)).isEmpty();
	}

	@Test
	void workersRunFromTheOriginalWhereNoCopyCanBeMade() throws Exception {
		Path file = Files.createFile(this.directory.resolve("file"));
		try (ClusterProcess cluster = application(false).property("cluster.staging.directory", file).start()) {
			cluster.awaitReady();
			assertThat(launchedJar(cluster.workerPids().get(0))).isEqualTo(this.jar);
			assertThat(cluster.output().lines()).filteredOn((line) -> line.contains(" WARN "))
				.singleElement()
				.asString()
				.contains("Workers run from the original files")
				.contains("FileAlreadyExistsException");
		}
	}

	@Test
	void environmentFileThatIsMissingEndsTheStart() throws Exception {
		Path missing = this.directory.resolve("env");
		try (ClusterProcess cluster = ClusterProcess.ports()
			.jvmOptions("-Djava.io.tmpdir=" + this.temporary)
			.property("cluster.worker.environment-file", missing)
			.expectError("SpringApplication|LoggingFailureAnalysisReporter")
			.start()) {
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(1);
			cluster.awaitLine(Pattern.quote(missing + ": the file does not exist"));
			cluster.awaitLine("point cluster.worker.environment-file to another one");
			assertThat(clusterFiles(this.temporary)).isEmpty();
		}
	}

}
