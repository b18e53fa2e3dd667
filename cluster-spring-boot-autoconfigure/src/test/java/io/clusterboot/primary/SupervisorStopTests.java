package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;

import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.Refusal;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a {@link Supervisor} ends a cluster.
 */
class SupervisorStopTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(45);

	private static final Duration NANO = Duration.ofNanos(1);

	private static final int TERMINATED = 143;

	private static void stop(PlayedCluster cluster) {
		cluster.supervisor().stop("SIGTERM", TERMINATED);
		cluster.step();
	}

	@Test
	void allWorkersAreToldToLeaveAndAwaited() {
		try (PlayedCluster cluster = new PlayedCluster().allReady()) {
			stop(cluster);
			for (PlayedWorker worker : cluster.living()) {
				assertThat(worker.told(FromPrimary.Disconnect.class))
					.containsExactly(new FromPrimary.Disconnect(Duration.ZERO, true));
			}
			cluster.worker(1).leaves();
			cluster.pass(Duration.ofSeconds(10));
			assertThat(cluster.isOver()).isFalse();
			cluster.worker(2).leaves();
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
			assertThat(cluster.started()).noneMatch(PlayedWorker::isKilled);
		}
	}

	@Test
	void whoDoesNotLeaveIsKilledAfterTheTimeout() {
		try (PlayedCluster cluster = new PlayedCluster("shutdown.timeout=45s").allReady()) {
			stop(cluster);
			cluster.worker(1).leaves();
			cluster.pass(TIMEOUT.minus(NANO));
			assertThat(cluster.worker(2).isKilled()).isFalse();
			cluster.pass(NANO);
			assertThat(cluster.worker(2).isKilled()).isTrue();
			assertThat(cluster.isOver()).isFalse();
			cluster.worker(2).exits(137);
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
		}
	}

	@Test
	void theTimeoutBeginsBehindThePreStopDelay() {
		try (PlayedCluster cluster = new PlayedCluster("shutdown.timeout=45s", "shutdown.pre-stop-delay=20s")
			.allReady()) {
			stop(cluster);
			assertThat(cluster.worker(1).told(FromPrimary.Disconnect.class))
				.containsExactly(new FromPrimary.Disconnect(Duration.ofSeconds(20), true));
			cluster.pass(TIMEOUT.plusSeconds(20).minus(NANO));
			assertThat(cluster.worker(1).isKilled()).isFalse();
			cluster.pass(NANO);
			assertThat(cluster.worker(1).isKilled()).isTrue();
		}
	}

	@Test
	void nobodyIsStartedAnyMore() {
		try (PlayedCluster cluster = new PlayedCluster("workers=3", "startup.parallelism=1").allReady()) {
			cluster.worker(3).exits(1);
			cluster.newest().exits(1);
			int starts = cluster.starts();
			stop(cluster);
			cluster.worker(2).exits(137);
			cluster.pass(Duration.ofSeconds(40));
			assertThat(cluster.starts()).as("neither for who has died nor for who backs off").isEqualTo(starts);
			cluster.worker(1).leaves();
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
		}
	}

	@Test
	void aWorkerThatCannotBeToldYetIsAskedByTheOperatingSystem() {
		try (PlayedCluster cluster = new PlayedCluster()) {
			stop(cluster);
			assertThat(cluster.worker(1).isTerminated()).isTrue();
			assertThat(cluster.worker(1).isKilled()).isFalse();
			cluster.worker(1).exits(TERMINATED);
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
			assertThat(cluster.starts()).isOne();
		}
	}

	@Test
	void aSecondSignalChangesNothing() {
		try (PlayedCluster cluster = new PlayedCluster("workers=1", "shutdown.timeout=45s").allReady()) {
			stop(cluster);
			cluster.pass(Duration.ofSeconds(30));
			cluster.supervisor().stop("SIGINT", 130);
			cluster.pass(Duration.ofSeconds(15).minus(NANO));
			assertThat(cluster.worker(1).isToldToLeave()).as("once").isTrue();
			assertThat(cluster.worker(1).isKilled()).isFalse();
			cluster.pass(NANO);
			assertThat(cluster.worker(1).isKilled()).isTrue();
			cluster.worker(1).exits(137);
			cluster.step();
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
		}
	}

	@Test
	void theTimeForWhichThePrimaryIsSuspendedIsNotTheWorkers() {
		try (PlayedCluster cluster = new PlayedCluster("shutdown.timeout=45s").allReady()) {
			stop(cluster);
			cluster.stall(TIMEOUT.multipliedBy(10));
			cluster.pass(TIMEOUT.minus(NANO));
			assertThat(cluster.worker(1).isKilled()).isFalse();
		}
	}

	@Test
	void aClusterThatHasNoWorkerEndsAtOnce() {
		try (PlayedCluster cluster = new PlayedCluster("workers=1").allReady()) {
			cluster.worker(1).exits(1);
			cluster.newest().exits(1);
			stop(cluster);
			assertThat(cluster.exitCode()).isEqualTo(TERMINATED);
		}
	}

	@Test
	void whatUsersAskForIsRefused() {
		try (PlayedCluster cluster = new PlayedCluster().allReady()) {
			stop(cluster);
			for (ClusterCommand command : List.of(new ClusterCommand.Reload("test"), new ClusterCommand.Scale(3))) {
				assertThat(cluster.worker(1).commands(command)).isInstanceOfSatisfying(FromPrimary.Refused.class,
						(refused) -> assertThat(refused.refusal()).isEqualTo(Refusal.UNAVAILABLE));
			}
			assertThat(cluster.starts()).isEqualTo(2);
		}
	}

}
