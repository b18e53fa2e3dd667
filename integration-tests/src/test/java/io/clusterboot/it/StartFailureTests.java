package io.clusterboot.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.clusterboot.it.app.ExitingApplication;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A cluster whose first worker fails ends as the plain application would have ended.
 */
@ExtendWith(PrintOutputOnFailure.class)
class StartFailureTests {

	@TempDir
	private Path directory;

	private Path file() {
		return this.directory.resolve("file");
	}

	private static int awaitEnd(ClusterProcess cluster) {
		int code = cluster.awaitExit(Deadlines.EVENT);
		cluster.awaitNothingLeft(Deadlines.EVENT);
		return code;
	}

	private static List<String> starts(ClusterProcess cluster) {
		return cluster.output()
			.lines()
			.stream()
			.filter((line) -> line.matches(".* worker-\\d+ \\(.*\\) started"))
			.toList();
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', textBlock = """
			cluster.workers; some; use 'auto' or a whole number from 1
			cluster.heartbeat.timeout; 2s; must be at least three times cluster.heartbeat.interval
			""")
	void wrongConfigurationOfTheClusterStartsNoWorker(String property, String value, String advice) {
		assertStartsNoWorker(property, value, advice);
	}

	/**
	 * What is wrong in more ways is said in the same way.
	 */
	@ParameterizedTest
	@Tag("full")
	@CsvSource(delimiter = ';', textBlock = """
			cluster.workers; 0; use 'auto' or a whole number from 1
			cluster.advice.acknowledged; everything; ^    embedded-database$
			""")
	void moreWrongConfigurationOfTheClusterStartsNoWorker(String property, String value, String advice) {
		assertStartsNoWorker(property, value, advice);
	}

	private static void assertStartsNoWorker(String property, String value, String advice) {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property(property, value)
			.expectError("LoggingFailureAnalysisReporter")
			.expectError("Application run failed")
			.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(1);
			cluster.awaitLine("APPLICATION FAILED TO START");
			cluster.awaitLine(advice);
			assertThat(starts(cluster)).isEmpty();
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("worker-1"));
		}
	}

	@Test
	void aPortOfThePrimaryThatIsInUseStartsNoWorker() throws IOException {
		try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
				ClusterProcess cluster = ClusterProcess.ports()
					.property("cluster.primary.port", taken.getLocalPort())
					.expectError("LoggingFailureAnalysisReporter")
					.expectError("Application run failed")
					.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(1);
			cluster.awaitLine("APPLICATION FAILED TO START");
			cluster.awaitLine("The primary cannot listen on port %d of 127.0.0.1".formatted(taken.getLocalPort()));
			assertThat(starts(cluster)).isEmpty();
		}
	}

	@Test
	void wrongConfigurationOfTheApplicationIsAnalyzedOnce() {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("server.port", "abc")
			.expectError("LoggingFailureAnalysisReporter")
			.expectError("no worker has been ready yet, so the cluster ends")
			.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(1);
			cluster.awaitLine("APPLICATION FAILED TO START");
			cluster.awaitLine("Invalid value 'abc' for configuration property 'server.port'");
			assertThat(starts(cluster)).hasSize(1);
		}
	}

	@Test
	@Tag("every-server")
	@EnabledIfSystemProperty(named = "test.server", matches = "jetty")
	void connectorThatCannotShareItsSocketIsAnalyzed() {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("server.jetty.threads.acceptors", 0)
			.expectError("LoggingFailureAnalysisReporter")
			.expectError("no worker has been ready yet, so the cluster ends")
			.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(1);
			cluster
				.awaitLine("Workers cannot share the port of a Jetty connector that accepts on its selectors' threads");
		}
	}

	@Test
	void failingBeanEndsTheClusterWithItsStackTrace() throws IOException {
		Files.createFile(file());
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("app.fail-on-start", file())
			.expectError("\\[worker-1\\] .* Application run failed")
			.expectError("no worker has been ready yet, so the cluster ends")
			.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(1);
			cluster.awaitLine("IllegalStateException: asked to fail at start");
			cluster.awaitLine("\\tat io\\.clusterboot\\.it\\.app\\.StartSwitches");
			assertThat(starts(cluster)).hasSize(1);
		}
	}

	@Test
	void exitCodeOfTheFirstWorkerIsPassedOn() throws IOException {
		Files.writeString(file(), "42");
		try (ClusterProcess cluster = ClusterProcess.application(ExitingApplication.class)
			.property("app.exit-on-start", file())
			.expectError("no worker has been ready yet, so the cluster ends")
			.start()) {
			assertThat(awaitEnd(cluster)).isEqualTo(42);
			assertThat(starts(cluster)).hasSize(1);
		}
	}

	/**
	 * Within the time-out its JVM is up, however busy the machine is: one that is not
	 * prints no threads.
	 */
	@Test
	void hangingWorkerPrintsItsThreadsAndIsKilled() throws IOException {
		Files.createFile(file());
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("app.hang-on-start", file())
			.property("cluster.startup.timeout", "10s")
			.expectError("no worker has been ready yet, so the cluster ends")
			.start()) {
			assertThat(awaitEnd(cluster)).isNotZero();
			cluster.awaitLine("did not become ready within 10.0 s: asking for a thread dump");
			cluster.awaitLine("Full thread dump");
			cluster.awaitLine("^\"main\" #\\d+ ");
			assertThat(starts(cluster)).hasSize(1);
		}
	}

}
