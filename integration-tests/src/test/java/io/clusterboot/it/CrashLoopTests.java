package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.app.ExitingApplication;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers that keep dying are replaced again and again, while the others serve. When they
 * are is what {@code SupervisorBackOffTests} are about.
 */
@ExtendWith(PrintOutputOnFailure.class)
@Tag("full")
@DisabledIfSystemProperty(named = "test.server", matches = "netty",
		disabledReason = "the application is made of servlets")
class CrashLoopTests {

	private static final int FAILURES = 3;

	@TempDir
	private Path directory;

	private static JsonNode health(ClusterProcess cluster) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			HttpConnection.Reply reply = connection.get("/actuator/health");
			assertThat(reply.status()).isEqualTo(200);
			return JsonMapper.shared().readTree(reply.body());
		}
	}

	private static String clusterHealth(ClusterProcess cluster) throws IOException {
		return health(cluster).path("components").path("cluster").path("status").asString();
	}

	@Test
	void workersThatFailToStartAreReplacedWhileTheOthersServe() throws IOException {
		Path exitFile = this.directory.resolve("exit-code");
		try (ClusterProcess cluster = ClusterProcess.application(ExitingApplication.class)
			.property("app.exit-on-start", exitFile)
			.property("cluster.restart.initial-delay", "50ms")
			.property("cluster.restart.max-delay", "50ms")
			.property("management.endpoint.health.show-components", "always")
			.start()) {
			List<Worker> before = cluster.awaitReady().cluster().workers();
			assertThat(clusterHealth(cluster)).isEqualTo("UP");
			Worker survivor = before.get(0);
			Worker victim = before.get(1);
			Files.writeString(exitFile, "7");
			Processes.signal("KILL", List.of(victim.pid()));
			cluster.output()
				.await(Pattern.compile("\\(index 1, pid \\d+\\) exited after .*, exit code 7"), FAILURES,
						Deadlines.EVENT);
			await().atMost(Deadlines.EVENT).until(() -> clusterHealth(cluster).equals("DEGRADED"));
			assertThat(health(cluster).path("status").asString()).isNotIn("DOWN", "OUT_OF_SERVICE");
			LoadGenerator.on(cluster.port())
				.requests(20)
				.timeout(Deadlines.EVENT)
				.duration(Deadlines.EVENT)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(List.of(survivor.pid()));

			Files.delete(exitFile);
			Worker replacement = cluster.awaitReplaced(List.of(victim.pid())).workers().get(1);
			assertThat(clusterHealth(cluster)).isEqualTo("UP");
			int deaths = cluster.output().find(Pattern.compile("\\(index 1, pid \\d+\\) exited after ")).size();
			assertThat(deaths).isGreaterThan(FAILURES);
			assertThat(replacement.restarts()).isEqualTo(deaths);
			assertThat(replacement.lastExit().code()).isEqualTo(7);
			assertThat(cluster.cluster().worker(survivor.pid()).restarts()).isZero();
		}
	}

}
