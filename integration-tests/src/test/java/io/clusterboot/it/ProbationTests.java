package io.clusterboot.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import io.clusterboot.it.Operations.Answer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A replacement has to stay ready, for longer here than any test takes. When it has is
 * what {@code SupervisorReloadTests} are about.
 */
@ExtendWith(PrintOutputOnFailure.class)
class ProbationTests {

	@Test
	@Tag("full")
	void replacementThatDoesNotStayReadyLeavesEverythingAsItWas(@TempDir Path directory) throws Exception {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.reload.probation", "1h")
			.property("app.readiness-directory", directory)
			.expectError("Reload \\d+ .*FAILED")
			.start()) {
			List<Long> before = cluster.awaitReady().workerPids();
			CompletableFuture<Answer> refused = new Operations(cluster).begin("reload?wait=10m");
			String refusing = awaitReady(cluster, 2);
			Files.createFile(directory.resolve("refuse-" + refusing));
			assertThat(refused.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo("FAILED");
			assertThat(cluster.cluster().reload().failure().reason()).contains("pid " + refusing)
				.contains("refuses traffic");
			cluster.awaitLine("pid %s\\) exited".formatted(refusing), Deadlines.EVENT);

			CompletableFuture<Answer> killed = new Operations(cluster).begin("reload?wait=10m");
			String dying = awaitReady(cluster, 3);
			Processes.signal("KILL", List.of(Long.valueOf(dying)));
			assertThat(killed.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS).state()).isEqualTo("FAILED");
			assertThat(cluster.cluster().reload().failure().reason()).contains("pid " + dying).contains("SIGKILL");
			assertThat(cluster.awaitReplaced(List.of()).pids()).containsExactlyElementsOf(before);
		}
	}

	private static String awaitReady(ClusterProcess cluster, int worker) {
		return cluster.output()
			.await(Pattern.compile("worker-%d \\(index 0, pid (\\d+)\\) is ready".formatted(worker)), Deadlines.EVENT)
			.group(1);
	}

}
