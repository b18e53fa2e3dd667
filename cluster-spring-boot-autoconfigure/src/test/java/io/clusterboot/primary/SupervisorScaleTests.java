package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.Refusal;
import io.clusterboot.protocol.ReloadDescription.State;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a {@link Supervisor} makes a cluster larger and smaller.
 */
class SupervisorScaleTests {

	private static final Duration LONG = Duration.ofMinutes(5);

	private final PlayedCluster cluster = new PlayedCluster("workers=2", "max-workers=4", "shutdown.timeout=45s",
			"restart.initial-delay=1s", "restart.jitter=0")
		.allReady();

	@AfterEach
	void close() {
		this.cluster.close();
	}

	private FromPrimary scale(int workers) {
		return this.cluster.worker(1).commands(new ClusterCommand.Scale(workers));
	}

	@Test
	void aLargerClusterGetsWorkersForNewIndexes() {
		assertThat(scale(4)).isInstanceOfSatisfying(FromPrimary.Accepted.class,
				(accepted) -> assertThat(accepted.configuredWorkers()).isEqualTo(4));
		assertThat(this.cluster.started()).extracting(PlayedWorker::index).containsExactly(0, 1, 2, 3);
		this.cluster.allReady().pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(4);
		assertThat(this.cluster.describe().readyWorkers()).isEqualTo(4);
	}

	@Test
	void ofASmallerClusterTheLastIndexesLeave() {
		scale(4);
		this.cluster.allReady();
		scale(2);
		assertThat(this.cluster.living()).filteredOn(PlayedWorker::isToldToLeave)
			.extracting(PlayedWorker::index)
			.containsExactly(2, 3);
		this.cluster.worker(3).leaves();
		this.cluster.worker(4).exits(137);
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).as("nobody takes their places, however they ended").isEqualTo(4);
		assertThat(this.cluster.describe().workers()).hasSize(2);
	}

	@Test
	void whoDoesNotLeaveIsKilledAfterTheTimeout() {
		scale(1);
		this.cluster.pass(Duration.ofSeconds(45).minusNanos(1));
		assertThat(this.cluster.worker(2).isKilled()).isFalse();
		this.cluster.pass(Duration.ofNanos(1));
		assertThat(this.cluster.worker(2).isKilled()).isTrue();
		assertThat(this.cluster.worker(1).isKilled()).isFalse();
	}

	@Test
	void aSmallerClusterThatGrowsAgainDoesNotWaitForThoseWhoLeave() {
		scale(1);
		PlayedWorker leaving = this.cluster.worker(2);
		assertThat(leaving.isToldToLeave()).isTrue();
		scale(2);
		PlayedWorker successor = this.cluster.newest();
		assertThat(successor).isNotEqualTo(leaving);
		assertThat(successor.index()).isEqualTo(1);
		successor.ready();
		leaving.leaves();
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(3);
		assertThat(this.cluster.describe(successor).state()).isEqualTo(WorkerState.READY);
		assertThat(this.cluster.describe(successor).restarts()).isZero();
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, 0, 5 })
	void aSizeThatIsOutOfRangeIsRefused(int workers) {
		assertThat(scale(workers)).isInstanceOfSatisfying(FromPrimary.Refused.class, (refused) -> {
			assertThat(refused.refusal()).isEqualTo(Refusal.OUT_OF_RANGE);
			assertThat(refused.message()).contains("from 1 to 4", "is " + workers);
		});
		this.cluster.step();
		assertThat(this.cluster.describe().configuredWorkers()).isEqualTo(2);
		assertThat(this.cluster.starts()).isEqualTo(2);
	}

	@Test
	void signalsChangeTheSizeByOneWithinTheRange() {
		for (int i = 0; i < 5; i++) {
			this.cluster.supervisor().scaleBy(1, "SIGTTIN");
		}
		this.cluster.step();
		assertThat(this.cluster.describe().configuredWorkers()).isEqualTo(4);
		for (int i = 0; i < 5; i++) {
			this.cluster.supervisor().scaleBy(-1, "SIGTTOU");
		}
		this.cluster.step();
		assertThat(this.cluster.describe().configuredWorkers()).isOne();
	}

	@Test
	void anIndexThatBacksOffIsGivenUp() {
		this.cluster.worker(2).exits(1);
		this.cluster.newest().exits(1);
		int starts = this.cluster.starts();
		scale(1);
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(starts);
		assertThat(this.cluster.describe().workers()).hasSize(1);
	}

	@Test
	void duringAReloadNewIndexesAreReplacedTooAndOldOnesForgotten() {
		this.cluster.supervisor().reload("SIGHUP");
		this.cluster.step();
		scale(3);
		scale(1);
		scale(2);
		this.cluster.roll(Duration.ofSeconds(5));
		assertThat(this.cluster.reload().state()).isEqualTo(State.DONE);
		assertThat(this.cluster.describe().workers()).hasSize(2)
			.allSatisfy((worker) -> assertThat(worker.generation()).isOne());
	}

}
