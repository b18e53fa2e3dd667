package io.clusterboot.primary;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a {@link Supervisor} starts the workers of a cluster.
 */
class SupervisorStartTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	/** Time that a JVM gets for its thread dump. */
	private static final Duration THREAD_DUMP = Duration.ofSeconds(2);

	private static final Duration LONG = Duration.ofMinutes(5);

	@Test
	void theFirstWorkerStartsAlone() {
		try (PlayedCluster cluster = new PlayedCluster("workers=4", "startup.parallelism=3")) {
			assertThat(cluster.started()).extracting(PlayedWorker::index).containsExactly(0);
			cluster.worker(1).connect();
			cluster.pass(LONG);
			assertThat(cluster.starts()).isOne();
			cluster.worker(1).ready();
			assertThat(cluster.started()).extracting(PlayedWorker::index).containsExactly(0, 1, 2, 3);
		}
	}

	@Test
	void onlySoManyStartAtTheSameTime() {
		try (PlayedCluster cluster = new PlayedCluster("workers=5", "startup.parallelism=2")) {
			cluster.worker(1).ready();
			assertThat(cluster.starts()).isEqualTo(3);
			cluster.worker(2).connect();
			cluster.pass(LONG);
			assertThat(cluster.starts()).isEqualTo(3);
			cluster.worker(3).ready();
			assertThat(cluster.starts()).isEqualTo(4);
			cluster.worker(2).ready();
			assertThat(cluster.starts()).isEqualTo(5);
			cluster.allReady().pass(LONG);
			assertThat(cluster.starts()).isEqualTo(5);
			assertThat(cluster.describe().readyWorkers()).isEqualTo(5);
		}
	}

	@Test
	void theFailureOfTheFirstWorkerEndsTheCluster() {
		try (PlayedCluster cluster = new PlayedCluster()) {
			cluster.worker(1).connect().exits(42);
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(42);
			assertThat(cluster.starts()).isOne();
		}
	}

	@Test
	void aFirstProcessThatCannotBeStartedEndsTheCluster() {
		try (PlayedCluster cluster = PlayedCluster.withoutProcesses("no memory left")) {
			cluster.step();
			assertThat(cluster.exitCode()).isOne();
		}
	}

	@Test
	void aFirstWorkerThatHangsIsAskedForItsThreadsAndKilled() {
		try (PlayedCluster cluster = new PlayedCluster("startup.timeout=60s")) {
			PlayedWorker first = cluster.worker(1).connect();
			assertThatIsKilledAfterTheTimeout(cluster, first);
			first.exits(137);
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(137);
			assertThat(cluster.starts()).isOne();
		}
	}

	@Test
	void aWorkerThatHangsWhileItStartsIsReplaced() {
		try (PlayedCluster cluster = new PlayedCluster("startup.timeout=60s")) {
			cluster.worker(1).ready();
			PlayedWorker hanging = cluster.worker(2);
			assertThatIsKilledAfterTheTimeout(cluster, hanging);
			hanging.exits(137);
			assertThat(cluster.newest().index()).isEqualTo(1);
			assertThat(cluster.describe(cluster.newest()).restarts()).isOne();
			assertThat(cluster.worker(1).threadDumps()).isZero();
		}
	}

	private static void assertThatIsKilledAfterTheTimeout(PlayedCluster cluster, PlayedWorker worker) {
		cluster.pass(TIMEOUT);
		assertThat(worker.threadDumps()).as("within the time-out").isZero();
		cluster.pass(Duration.ofNanos(1));
		assertThat(worker.threadDumps()).isOne();
		cluster.pass(THREAD_DUMP.minusNanos(1));
		assertThat(worker.isKilled()).as("while it prints its threads").isFalse();
		cluster.pass(Duration.ofNanos(1));
		assertThat(worker.isKilled()).isTrue();
		assertThat(worker.threadDumps()).isOne();
	}

	@Test
	void aWorkerThatIsReadyHasAllTheTime() {
		try (PlayedCluster cluster = new PlayedCluster("workers=1", "startup.timeout=60s")) {
			cluster.pass(TIMEOUT);
			cluster.worker(1).ready();
			cluster.pass(LONG);
			assertThat(cluster.worker(1).threadDumps()).isZero();
			assertThat(cluster.worker(1).isKilled()).isFalse();
		}
	}

	@Test
	void nothingIsDoneForUsersBeforeAWorkerHasBeenReady() {
		try (PlayedCluster cluster = new PlayedCluster()) {
			cluster.supervisor().reload("SIGHUP");
			cluster.supervisor().scaleBy(1, "SIGTTIN");
			cluster.step();
			assertThat(cluster.reload().id()).isNull();
			assertThat(cluster.describe().configuredWorkers()).isEqualTo(2);
		}
	}

	@Test
	void whoIsNoWorkerIsRefused() throws Exception {
		try (PlayedCluster cluster = new PlayedCluster()) {
			CompletableFuture<Void> stranger = cluster.worker(1).connectAs(new Caller.Connected(1));
			cluster.step();
			stranger.get(3, TimeUnit.MINUTES);
			assertThat(cluster.worker(1).ready().told(FromPrimary.Availability.class)).isNotEmpty();
		}
	}

	@Test
	void aWorkerConnectsOnce() throws Exception {
		try (PlayedCluster cluster = new PlayedCluster()) {
			PlayedWorker first = cluster.worker(1).ready();
			CompletableFuture<Void> second = first.connectAs(new Caller.Connected(first.pid()));
			cluster.step();
			second.get(3, TimeUnit.MINUTES);
			assertThat(cluster.describe(first.beats()).state()).isEqualTo(WorkerState.READY);
		}
	}

}
