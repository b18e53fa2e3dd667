package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The copies that workers run from exist for as long as somebody uses them, however the
 * primary ends.
 */
@ExtendWith(PrintOutputOnFailure.class)
class BuildsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	@TempDir
	private Path directory;

	private Path temporary;

	private Path elsewhere;

	@BeforeEach
	void createDirectories() throws IOException {
		this.temporary = Files.createDirectory(this.directory.resolve("tmp"));
		this.elsewhere = this.directory.resolve("else/where");
	}

	private ClusterProcess.Builder demo(boolean elsewhere) {
		ClusterProcess.Builder builder = ClusterProcess.packagedDemo()
			.workers(1)
			.jvmOptions("-Djava.io.tmpdir=" + this.temporary)
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

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void lastWorkerRemovesThemWhenThePrimaryWasKilled(boolean elsewhere) throws Exception {
		try (ClusterProcess cluster = demo(elsewhere).workers(2).property("cluster.drain.idle-grace", "5s").start()) {
			cluster.awaitReady();
			Path jar = launchedJar(cluster.workerPids().get(0));
			assertThat(jar).startsWith((elsewhere) ? this.elsewhere : this.temporary);
			try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
				assertThat(connection.get("/").status()).isEqualTo(200);
				cluster.signal("KILL");
				assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(137);
				// this connection keeps a worker for its grace period
				assertThat(jar).exists();
			}
			cluster.awaitNothingLeft(TIMEOUT);
			assertThat(clusterFiles(this.temporary)).isEmpty();
			assertThat(clusterFiles(this.elsewhere)).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void nextClusterRemovesThemWhenAllWereKilled(boolean elsewhere) throws Exception {
		try (ClusterProcess other = demo(elsewhere).start().awaitReady();
				ClusterProcess cluster = demo(elsewhere).start().awaitReady()) {
			Path inUse = launchedJar(other.workerPids().get(0));
			assertThat(clusterFiles(this.temporary)).hasSize(2);
			ClusterProcess.signal("KILL", cluster.allPids());
			cluster.awaitNothingLeft(TIMEOUT);
			List<Path> left = clusterFiles(this.temporary);
			assertThat(left).hasSize(2);
			try (ClusterProcess next = demo(elsewhere).start()) {
				next.awaitReady();
				assertThat(clusterFiles(this.temporary)).hasSize(2).isNotEqualTo(left);
				assertThat(clusterFiles(this.elsewhere)).hasSize((elsewhere) ? 2 : 0);
				assertThat(inUse).exists();
			}
		}
		assertThat(clusterFiles(this.temporary)).isEmpty();
		assertThat(clusterFiles(this.elsewhere)).isEmpty();
	}

	@Test
	void workersRunFromTheOriginalWhereNoCopyCanBeMade() throws Exception {
		Path file = Files.createFile(this.directory.resolve("file"));
		try (ClusterProcess cluster = demo(false).property("cluster.staging.directory", file).start()) {
			cluster.awaitReady();
			assertThat(launchedJar(cluster.workerPids().get(0))).isEqualTo(ClusterProcess.demoJar());
			assertThat(cluster.output().lines()).filteredOn((line) -> line.contains("WARN"))
				.singleElement()
				.asString()
				.contains("Workers run from the original files");
		}
	}

	@Test
	void environmentFileThatIsMissingEndsTheStart() throws Exception {
		Path missing = this.directory.resolve("env");
		try (ClusterProcess cluster = demo(false).property("cluster.worker.environment-file", missing)
			.expectError("SpringApplication|LoggingFailureAnalysisReporter")
			.start()) {
			assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(1);
			cluster.awaitLine(missing + ": the file does not exist");
			cluster.awaitLine("point cluster.worker.environment-file to another one");
			assertThat(clusterFiles(this.temporary)).isEmpty();
		}
	}

}
