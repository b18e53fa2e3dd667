package io.clusterboot.it;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Without the cluster the application is what it would be without the starter.
 */
@ExtendWith(PrintOutputOnFailure.class)
class DisabledClusterTests {

	@Test
	void applicationRunsInOneProcess() {
		try (ClusterProcess application = ClusterProcess.plainApplication(TestServer.selected().application())
			.workers(0)
			.start()) {
			application.awaitReady();
			assertThat(application.workerPids()).isEmpty();
			LoadGenerator.on(application.port())
				.requests(50)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(List.of(application.pid()));
			assertThat(application.output().lines()).noneMatch((line) -> line.contains("worker-"));
			application.signal("TERM");
			assertThat(application.awaitExit(Duration.ofSeconds(30))).isEqualTo(143);
		}
	}

}
