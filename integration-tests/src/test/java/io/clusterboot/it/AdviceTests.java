package io.clusterboot.it;

import java.util.List;

import io.clusterboot.it.stateful.StatefulApplication;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is not safe with several workers is said once.
 */
@ExtendWith(PrintOutputOnFailure.class)
@DisabledIfSystemProperty(named = "test.server", matches = "netty", disabledReason = "needs servlets")
class AdviceTests {

	private static List<String> lines(ClusterProcess cluster, String text) {
		return cluster.output().lines().stream().filter((line) -> line.contains(text)).toList();
	}

	@Test
	void oneWorkerOfTheClusterReports() {
		try (ClusterProcess cluster = ClusterProcess.application(StatefulApplication.class)
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.advice.acknowledged", "cache")
			.start()) {
			cluster.awaitReady();
			cluster.awaitLine("What is meant to be so can be acknowledged: "
					+ "cluster.advice.acknowledged=http-session,scheduled$");
			// what another worker has to say as well it says before it ends
			cluster.signal("TERM");
			cluster.awaitNothingLeft(Deadlines.EVENT);
			assertThat(lines(cluster, "Not all of this application is made for 2 workers:")).singleElement()
				.asString()
				.contains("WARN [worker-");
			assertThat(lines(cluster, "  http-session: ")).singleElement().asString().contains("Visits.visits");
			assertThat(lines(cluster, "  scheduled: ")).singleElement()
				.asString()
				.contains("StatefulApplication.nightly");
			assertThat(lines(cluster, "  cache: ")).isEmpty();
		}
	}

}
