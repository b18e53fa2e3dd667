package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Probes on a management port learn the truth while no worker takes requests: one that
 * waits for an answer would have workers killed that are alive.
 */
@ExtendWith(PrintOutputOnFailure.class)
class ManagementPortTests {

	@Test
	void probesAreAnsweredWhileNoWorkerIsReady(@TempDir Path directory) throws IOException {
		Path gate = directory.resolve("gate");
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("management.server.port", 0)
			.property("management.endpoints.web.exposure.include", "health,cluster,clusterdashboard")
			.property("app.start-gate", gate)
			.property("app.readiness-directory", directory)
			.start()) {
			int management = cluster.managementPort();
			awaitProbe(management, "liveness", 200);
			awaitProbe(management, "readiness", 503);
			try (HttpConnection waiting = unanswered(cluster.port())) {
				Files.createFile(gate);
				awaitProbe(management, "readiness", 200);
				assertThat(waiting.read().status()).isEqualTo(200);
			}
			cluster.awaitReady();
			assertDashboard(management);
			Path refusal = directory.resolve("refuse-" + cluster.workerPids().get(0));
			Files.createFile(refusal);
			awaitProbe(management, "readiness", 503);
			awaitProbe(management, "liveness", 200);
			try (HttpConnection waiting = unanswered(cluster.port())) {
				assertThat(cluster.cluster().readyWorkers()).isZero();
				Files.delete(refusal);
				assertThat(waiting.read().status()).isEqualTo(200);
			}
		}
	}

	private static void assertDashboard(int port) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			HttpConnection.Reply page = connection.get("/actuator/cluster/dashboard");
			assertThat(page.status()).isEqualTo(200);
			assertThat(page.headers()).containsEntry("content-type", "text/html;charset=utf-8");
			assertThat(page.body()).contains("src=\"dashboard/dashboard.js\"");
			assertThat(page.headers()).containsEntry("x-frame-options", "DENY");
			connection.send("POST", "/actuator/cluster/reload", new byte[0], "Origin: https://evil.example");
			assertThat(connection.read().status()).as("a page of another origin").isEqualTo(403);
			assertThat(connection.get("/actuator/cluster/dashboard/state").body()).contains("\"writable\":false",
					"\"name\":\"worker-listening\"");
			connection.send("GET", "/actuator/cluster/dashboard/events", new byte[0]);
			// servers differ in the case
			assertThat(connection.readHead().headers().get("content-type"))
				.isEqualToIgnoringCase("text/event-stream;charset=UTF-8");
			assertThat(new String(connection.readChunk(), StandardCharsets.UTF_8)).startsWith("data: {\"cluster\":");
		}
	}

	private static void awaitProbe(int port, String probe, int status) {
		await().atMost(Deadlines.EVENT).untilAsserted(() -> {
			try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
				assertThat(connection.get("/actuator/health/" + probe).status()).isEqualTo(status);
			}
		});
	}

	/**
	 * A request that nobody answers as long as no worker is ready. A machine that is busy
	 * may hide for so short a time that one does, but not make it seem so.
	 */
	private static HttpConnection unanswered(int port) throws IOException {
		HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT);
		connection.send("GET", "/pid", new byte[0]);
		assertThat(connection.isAnswered(Duration.ofMillis(500))).isFalse();
		return connection;
	}

}
