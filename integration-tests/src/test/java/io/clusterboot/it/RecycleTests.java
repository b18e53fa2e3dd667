package io.clusterboot.it;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Workers that have reached a limit are replaced, and nobody notices. In which order, and
 * when, is what {@code SupervisorRecycleTests} are about.
 */
@ExtendWith(PrintOutputOnFailure.class)
class RecycleTests {

	private static ClusterProcessBuilder recycling(String property, Object limit) {
		return ClusterProcess.ports()
			.workers(1)
			.property("cluster.recycle." + property, limit)
			.property("cluster.restart.stable-after", "0s")
			.property("cluster.heartbeat.interval", "200ms")
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.reload.probation", "200ms")
			.property("cluster.drain.idle-grace", "200ms");
	}

	@Test
	void theOnlyWorkerIsReplacedUnderLoadAfterAsManyRequestsAsItMayAnswer() {
		try (ClusterProcess cluster = recycling("max-requests", 100).start()) {
			long first = cluster.awaitReady().workerPids().get(0);
			try (LoadGenerator.Running fresh = load(cluster).start();
					LoadGenerator.Running kept = load(cluster).keepAlive().start()) {
				assertIsReplaced(cluster, first, "has answered \\d+ requests \\(cluster.recycle.max-requests=100\\)");
				fresh.awaitAnswers(1, kept);
				LoadResult result = fresh.stop().assertNoFailures();
				kept.stop().assertNoFailures();
				assertThat(result.answers()).containsKey(first).hasSizeGreaterThan(1);
			}
			assertThat(cluster.awaitReplaced(List.of(first)).workers()).extracting(ClusterView.Worker::restarts)
				.as("recycling is no failure")
				.containsOnly(0);
		}
	}

	private static LoadGenerator load(ClusterProcess cluster) {
		return LoadGenerator.on(cluster.port())
			.clients(1)
			.pause(Duration.ofMillis(20))
			.timeout(Deadlines.EVENT)
			.duration(Deadlines.EVENT);
	}

	@ParameterizedTest
	@Tag("full")
	@CsvSource(delimiter = '|', textBlock = """
			max-heap | 1MB | keeps \\d+ MB of its heap
			max-rss | 10MB | takes \\d+ MB of memory
			""")
	void theOnlyWorkerIsReplacedAtALimitOfMemory(String property, String limit, String reached) {
		try (ClusterProcess cluster = recycling(property, limit).start()) {
			long first = cluster.awaitReady().workerPids().get(0);
			assertIsReplaced(cluster, first, reached + " \\(cluster.recycle." + property);
		}
	}

	private static void assertIsReplaced(ClusterProcess cluster, long pid, String reached) {
		String worker = "worker-1 \\(index 0, pid %d\\) ".formatted(pid);
		String begins = worker + reached;
		String done = "Replacement 1 of " + worker + "is done";
		cluster.awaitLine(worker + "exited after .* exit code 0", Deadlines.EVENT);
		cluster.awaitLine(done, Deadlines.EVENT);
		assertThat(cluster.output().lines()).filteredOn(Pattern.compile(begins + "|" + done).asPredicate())
			.satisfiesExactly((line) -> assertThat(line).containsPattern(begins),
					(line) -> assertThat(line).containsPattern(done));
	}

}
