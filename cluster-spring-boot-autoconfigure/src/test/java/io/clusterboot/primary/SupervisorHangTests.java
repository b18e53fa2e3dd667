package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a {@link Supervisor} does about workers that are not heard any more.
 */
class SupervisorHangTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	/** Time that a JVM gets for its thread dump. */
	private static final Duration THREAD_DUMP = Duration.ofSeconds(2);

	private static final Duration SHUTDOWN = Duration.ofSeconds(45);

	private static final Duration NANO = Duration.ofNanos(1);

	private final PlayedCluster cluster = new PlayedCluster("heartbeat.timeout=30s", "shutdown.timeout=45s",
			"reload.probation=5s")
		.allReady();

	private final PlayedWorker other = this.cluster.worker(1);

	private final PlayedWorker hanging = this.cluster.worker(2);

	@AfterEach
	void close() {
		this.cluster.close();
	}

	@Test
	void aWorkerThatIsNotHeardForTheTimeoutIsAskedForItsThreadsAndKilled() {
		passWithoutHanging(TIMEOUT);
		assertThat(this.hanging.threadDumps()).as("within the time-out").isZero();
		this.cluster.pass(NANO);
		assertThat(this.hanging.threadDumps()).isOne();
		assertThat(this.hanging.isKilled()).isFalse();
		passWithoutHanging(THREAD_DUMP.minus(NANO));
		assertThat(this.hanging.isKilled()).as("while it prints its threads").isFalse();
		this.cluster.pass(NANO);
		assertThat(this.hanging.isKilled()).isTrue();
		assertThat(this.hanging.threadDumps()).isOne();
		assertThat(this.other.isKilled()).isFalse();
		assertThat(this.other.threadDumps()).isZero();
	}

	@Test
	void aWorkerThatIsKilledIsReplacedAndItsEndExplained() {
		passWithoutHanging(TIMEOUT.plus(NANO));
		passWithoutHanging(THREAD_DUMP);
		this.hanging.exits(137);
		PlayedWorker replacement = this.cluster.newest().ready();
		assertThat(replacement.index()).isEqualTo(this.hanging.index());
		assertThat(this.cluster.describe(replacement).restarts()).isOne();
		ExitDescription exit = this.cluster.describe(replacement).lastExit();
		assertThat(exit).isNotNull();
		assertThat(exit.signal()).isEqualTo("SIGKILL");
		assertThat(exit.reason()).isEqualTo("sent no heartbeat for 30.0 s");
	}

	/**
	 * While it is asked for its threads it counts as one that will not stay, and another
	 * one is started beside it.
	 */
	@Test
	void itsReplacementDoesNotWaitForItsEnd() {
		passWithoutHanging(TIMEOUT.plus(NANO));
		assertThat(this.cluster.newest().index()).isEqualTo(this.hanging.index());
		assertThat(this.cluster.starts()).isEqualTo(3);
	}

	@Test
	void aWorkerThatIsHeardInTimeIsLeftAlone() {
		passWithoutHanging(TIMEOUT);
		this.hanging.beats();
		passWithoutHanging(TIMEOUT);
		// whatever it says
		this.hanging.says(new FromWorker.LeaveRequested(1, "test"));
		passWithoutHanging(TIMEOUT);
		assertThat(this.hanging.threadDumps()).isZero();
		assertThat(this.hanging.isKilled()).isFalse();
	}

	@Test
	void aWorkerThatComesBackTooLateIsKilledAllTheSame() {
		passWithoutHanging(TIMEOUT.plus(NANO));
		this.hanging.beats();
		passWithoutHanging(THREAD_DUMP);
		assertThat(this.hanging.isKilled()).isTrue();
	}

	@Test
	void aPrimaryThatWasSuspendedBlamesNobody() {
		this.cluster.pass(TIMEOUT.minusSeconds(1));
		this.cluster.stall(TIMEOUT.multipliedBy(10));
		this.cluster.pass(Duration.ofSeconds(1));
		assertThat(this.hanging.threadDumps()).isZero();
		this.cluster.pass(NANO);
		assertThat(this.hanging.threadDumps()).as("its own time goes on").isOne();
	}

	@Test
	void aWorkerThatHasNotConnectedIsNotMissed() {
		this.hanging.exits(1);
		PlayedWorker starting = this.cluster.newest();
		passWithoutHanging(TIMEOUT.multipliedBy(3));
		assertThat(starting.threadDumps()).isZero();
		assertThat(starting.isAlive()).isTrue();
	}

	@Test
	void aReplacementThatHangsInItsProbationEndsTheReload() {
		try (PlayedCluster patient = new PlayedCluster("heartbeat.timeout=30s", "reload.probation=60s").allReady()) {
			patient.supervisor().reload("SIGHUP");
			patient.step();
			PlayedWorker replacement = patient.newest().ready();
			for (int i = 0; i < 30; i++) {
				patient.pass(Duration.ofSeconds(1));
				patient.worker(1).beats();
				patient.worker(2).beats();
			}
			assertThat(patient.reload().failure()).isNull();
			patient.pass(NANO);
			assertThat(patient.reload().failure()).isNotNull();
			assertThat(replacement.threadDumps()).isOne();
			assertThat(patient.worker(1).isToldToLeave()).isFalse();
		}
	}

	@Test
	void aWorkerThatLosesItsLinkHasTheTimeOfAStopToExit() {
		this.hanging.losesLink();
		passWithoutHanging(Duration.ofSeconds(1));
		assertThat(this.cluster.starts()).as("it may be about to exit").isEqualTo(2);
		this.cluster.pass(NANO);
		assertThat(this.cluster.newest().index()).isEqualTo(this.hanging.index());
		assertThat(this.cluster.starts()).isEqualTo(3);
		this.cluster.newest().ready();
		passWithoutHanging(SHUTDOWN.minus(NANO));
		assertThat(this.hanging.isKilled()).isFalse();
		this.cluster.pass(NANO);
		assertThat(this.hanging.isKilled()).isTrue();
		assertThat(this.hanging.threadDumps()).isZero();
		this.hanging.exits(137);
		assertThat(this.cluster.starts()).isEqualTo(3);
	}

	@Test
	void aWorkerWithAStuckRequestLeavesOnceItsReplacementHasProvedItself() {
		this.hanging.says(new FromWorker.RequestStuck(Duration.ofSeconds(20)));
		PlayedWorker replacement = this.cluster.newest();
		assertThat(replacement.index()).isEqualTo(this.hanging.index());
		assertThat(this.hanging.isToldToLeave()).isFalse();
		replacement.ready();
		passWithoutHanging(Duration.ofSeconds(5).minus(NANO));
		assertThat(this.hanging.isToldToLeave()).isFalse();
		this.cluster.pass(NANO);
		assertThat(this.hanging.isToldToLeave()).isTrue();
		assertThat(this.other.isToldToLeave()).isFalse();
		this.hanging.leaves();
		assertThat(this.cluster.describe(replacement).restarts()).isZero();
		assertThat(this.cluster.describe(replacement).state()).isEqualTo(WorkerState.READY);
	}

	/**
	 * Let time pass in which only the other workers are heard, last at the end of it.
	 */
	private void passWithoutHanging(Duration time) {
		Duration left = time;
		while (!left.isZero()) {
			Duration part = (left.compareTo(Duration.ofSeconds(10)) < 0) ? left : Duration.ofSeconds(10);
			this.cluster.pass(part);
			left = left.minus(part);
			this.cluster.living()
				.stream()
				.filter((worker) -> worker != this.hanging && worker.isConnected())
				.forEach(PlayedWorker::beats);
		}
	}

}
