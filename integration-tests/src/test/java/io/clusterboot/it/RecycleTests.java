package io.clusterboot.it;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Workers that have reached a limit are replaced, one at a time, and nobody notices.
 */
@ExtendWith(PrintOutputOnFailure.class)
class RecycleTests {

	private static final int RECYCLED = 2;

	private static final String LIMIT = "worker-\\d+ .* has answered \\d+ requests \\(cluster.recycle.max-requests=100\\)";

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			max-heap | 1MB | keeps \\d+ MB of its heap
			max-rss | 10MB | takes \\d+ MB of memory
			""")
	void workerIsReplacedAtALimit(String property, String limit, String reached) {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("cluster.recycle." + property, limit)
			.property("cluster.restart.stable-after", "0s")
			.property("cluster.heartbeat.interval", "200ms")
			.property("cluster.heartbeat.timeout", "30s")
			.property("cluster.reload.probation", "200ms")
			.property("cluster.drain.idle-grace", "200ms")
			.start()) {
			long first = cluster.awaitReady().workerPids().get(0);
			String worker = "worker-1 \\(index 0, pid %d\\) ".formatted(first);
			cluster.awaitLine(worker + reached + " \\(cluster.recycle." + property);
			cluster.awaitLine("Replacement 1 of " + worker + "is done");
			cluster.awaitLine(worker + "exited after .* exit code 0");
		}
	}

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
				.containsExactly("begins", "done", "begins");
		}
	}

}
