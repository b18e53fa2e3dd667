package io.clusterboot.it;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Workers that have reached a limit are replaced, one at a time, and nobody notices.
 */
@ExtendWith(PrintOutputOnFailure.class)
class RecycleTests {

	private static final int RECYCLED = 3;

	private static final String LIMIT = "worker-\\d+ .* has answered \\d+ requests \\(cluster.recycle.max-requests=100\\)";

	@Test
	void workersAreReplacedAfterAsManyRequestsAsTheyMayAnswer() {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.property("cluster.recycle.max-requests", 100)
			.property("cluster.restart.stable-after", "0s")
			.property("cluster.heartbeat.interval", "200ms")
			.property("cluster.heartbeat.timeout", "30s")
			.property("cluster.reload.probation", "200ms")
			.property("cluster.drain.idle-grace", "200ms")
			.start()) {
			cluster.awaitReady();
			List<Long> before = cluster.workerPids();
			try (LoadGenerator.Running load = LoadGenerator.on(cluster.port())
				.clients(4)
				.keepAlive()
				.pause(Duration.ofMillis(10))
				.duration(Duration.ofMinutes(2))
				.start()) {
				cluster.output().await(Pattern.compile(LIMIT), RECYCLED, Duration.ofMinutes(2));
				load.stop().assertNoFailures();
			}
			assertThat(cluster.awaitReplaced(before).workers()).extracting(ClusterView.Worker::restarts)
				.as("recycling is no failure")
				.containsOnly(0);
			List<String> events = cluster.output()
				.lines()
				.stream()
				.filter(Pattern.compile(LIMIT + "|Replacement \\d+ of .* is done").asPredicate())
				.map((line) -> line.contains("is done") ? "done" : "begins")
				.toList();
			assertThat(events.subList(0, 2 * RECYCLED - 1)).as("one at a time")
				.containsExactly("begins", "done", "begins", "done", "begins");
		}
	}

}
