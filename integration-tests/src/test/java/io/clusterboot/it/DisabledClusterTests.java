package io.clusterboot.it;

import java.io.IOException;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Without the cluster the application is what it would be without the starter.
 */
@ExtendWith(PrintOutputOnFailure.class)
class DisabledClusterTests {

	/**
	 * The demo, for which a cluster would run a Redis too.
	 */
	@Test
	void clusterThatIsTurnedOffLeavesNoTrace() throws IOException {
		try (ClusterProcess application = ClusterProcess.demo().without("spring.data.redis.port").workers(0).start()) {
			application.awaitReady();
			assertThat(application.allPids()).containsExactly(application.pid());
			LoadGenerator.on(application.port())
				.get("/", "^Hello from Worker (\\d+)$")
				.requests(50)
				.timeout(Deadlines.EVENT)
				.duration(Deadlines.EVENT)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(List.of(application.pid()));
			try (HttpConnection connection = HttpConnection.open(application.port(), Deadlines.EVENT)) {
				assertThat(connection.get("/actuator/health").status()).isEqualTo(200);
				assertThat(connection.get("/actuator/cluster").status()).isEqualTo(404);
			}
			application.signal("TERM");
			assertThat(application.awaitExit(Deadlines.EVENT)).isEqualTo(143);
			application.awaitNothingLeft(Deadlines.EVENT);
			assertThat(application.output().lines())
				.noneMatch((line) -> line.matches(".*(No cluster|[Pp]rimary|worker-|io\\.clusterboot\\.(?!demo)).*"));
		}
	}

}
