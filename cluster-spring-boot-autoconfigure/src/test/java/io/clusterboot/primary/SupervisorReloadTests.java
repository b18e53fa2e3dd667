package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;

import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Refusal;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.ReloadDescription.State;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a {@link Supervisor} replaces workers by new ones.
 */
class SupervisorReloadTests {

	private static final Duration PROBATION = Duration.ofSeconds(5);

	private static final Duration NANO = Duration.ofNanos(1);

	private static final Duration LONG = Duration.ofMinutes(5);

	private final PlayedCluster cluster = new PlayedCluster("workers=3", "reload.probation=5s", "restart.jitter=0",
			"shutdown.timeout=1h")
		.allReady();

	@AfterEach
	void close() {
		this.cluster.close();
	}

	private void reload() {
		this.cluster.supervisor().reload("SIGHUP");
		this.cluster.step();
	}

	private ReloadDescription accepted(FromPrimary answer) {
		assertThat(answer).isInstanceOf(FromPrimary.Accepted.class);
		ReloadDescription reload = ((FromPrimary.Accepted) answer).reload();
		assertThat(reload).isNotNull();
		return reload;
	}

	private void assertNobodyElseIsToldToLeave(PlayedWorker... leaving) {
		assertThat(this.cluster.living()).filteredOn(PlayedWorker::isToldToLeave).containsExactly(leaving);
	}

	@Test
	void theOldWorkerLeavesWhenItsReplacementHasBeenReadyForTheProbation() {
		reload();
		PlayedWorker replacement = this.cluster.worker(4);
		assertThat(replacement.index()).isZero();
		this.cluster.pass(LONG);
		assertNobodyElseIsToldToLeave();
		replacement.ready();
		this.cluster.pass(PROBATION.minus(NANO));
		assertNobodyElseIsToldToLeave();
		this.cluster.pass(NANO);
		assertNobodyElseIsToldToLeave(this.cluster.worker(1));
		assertThat(this.cluster.worker(1).told(FromPrimary.Disconnect.class))
			.containsExactly(new FromPrimary.Disconnect(Duration.ZERO, false));
	}

	@Test
	void oneIndexAfterTheOtherIsReplacedByTheNewBuild() {
		reload();
		for (int index = 0; index < 3; index++) {
			assertThat(this.cluster.starts()).isEqualTo(4 + index);
			PlayedWorker replacement = this.cluster.newest().ready();
			assertThat(replacement.index()).isEqualTo(index);
			assertThat(replacement.build()).isEqualTo("build-2");
			this.cluster.pass(PROBATION);
			assertThat(this.cluster.reload().state()).isEqualTo(State.ROLLING);
			this.cluster.worker(1 + index).drains();
			this.cluster.pass(LONG);
			assertThat(this.cluster.starts()).as("while the old one is there").isEqualTo(4 + index);
			if (index < 2) {
				this.cluster.worker(1 + index).exits(0);
			}
		}
		assertThat(this.cluster.reload().state()).as("nobody old accepts any more").isEqualTo(State.DONE);
		assertThat(this.cluster.builds().retained()).as("an old worker still runs")
			.containsExactlyInAnyOrder("build-1", "build-2");
		this.cluster.worker(3).exits(0);
		assertThat(this.cluster.builds().retained()).containsExactly("build-2");
		assertThat(this.cluster.describe().workers()).hasSize(3).allSatisfy((worker) -> {
			assertThat(worker.generation()).isOne();
			assertThat(worker.restarts()).as("a reload is no failure").isZero();
			assertThat(worker.state()).isEqualTo(WorkerState.READY);
		});
	}

	@Test
	void atLeastAsManyAreReadyAsBefore() {
		reload();
		for (int i = 0; i < 3; i++) {
			PlayedWorker replacement = this.cluster.newest();
			assertThat(this.cluster.describe().readyWorkers()).isEqualTo(3);
			replacement.ready();
			this.cluster.pass(PROBATION);
			assertThat(this.cluster.describe().readyWorkers()).isEqualTo(3);
			this.cluster.seeOff();
			assertThat(this.cluster.describe().readyWorkers()).isEqualTo(3);
		}
	}

	@Test
	void withASurgeSeveralAreReplacedAtTheSameTime() {
		try (PlayedCluster surging = new PlayedCluster("workers=3", "reload.surge=2", "startup.parallelism=3")
			.allReady()) {
			surging.supervisor().reload("SIGHUP");
			surging.pass(LONG);
			assertThat(surging.started()).extracting(PlayedWorker::index).containsExactly(0, 1, 2, 0, 1);
			surging.allReady().pass(PROBATION);
			surging.worker(2).leaves();
			assertThat(surging.newest().index()).isEqualTo(2);
			assertThat(surging.starts()).isEqualTo(6);
		}
	}

	/**
	 * How a replacement can fail to prove itself.
	 */
	enum Failure {

		EXITS_WHILE_IT_STARTS("exit code 1") {

			@Override
			void of(PlayedWorker replacement, PlayedCluster cluster) {
				replacement.connect().exits(1);
			}

		},

		EXITS_IN_ITS_PROBATION("exit code 1") {

			@Override
			void of(PlayedWorker replacement, PlayedCluster cluster) {
				replacement.ready();
				cluster.pass(PROBATION.minus(NANO));
				replacement.exits(1);
			}

		},

		CLOSES_ITS_CONTEXT("closed its application") {

			@Override
			void of(PlayedWorker replacement, PlayedCluster cluster) {
				replacement.connect().drains();
			}

		},

		REFUSES_TRAFFIC_IN_ITS_PROBATION("refuses traffic") {

			@Override
			void of(PlayedWorker replacement, PlayedCluster cluster) {
				replacement.ready();
				cluster.pass(PROBATION.minus(NANO));
				replacement.says(WorkerState.REFUSING);
			}

		},

		ASKS_TO_LEAVE("tired") {

			@Override
			void of(PlayedWorker replacement, PlayedCluster cluster) {
				replacement.ready().says(new FromWorker.LeaveRequested(1, "tired"));
			}

		};

		private final String reason;

		Failure(String reason) {
			this.reason = reason;
		}

		abstract void of(PlayedWorker replacement, PlayedCluster cluster);

	}

	@ParameterizedTest
	@EnumSource
	void aReplacementThatFailsLeavesEverythingAsItWas(Failure failure) {
		reload();
		PlayedWorker replacement = this.cluster.newest();
		failure.of(replacement, this.cluster);
		ReloadDescription reload = this.cluster.reload();
		assertThat(reload.state()).isEqualTo(State.FAILED);
		assertThat(reload.failure()).isNotNull();
		assertThat(reload.failure().reason()).contains("worker-4 ", failure.reason);
		assertThat(reload.failure().index()).isZero();
		this.cluster.pass(LONG);
		assertThat(this.cluster.living()).filteredOn((worker) -> worker != replacement)
			.containsExactly(this.cluster.worker(1), this.cluster.worker(2), this.cluster.worker(3))
			.noneMatch(PlayedWorker::isToldToLeave);
		if (replacement.isAlive()) {
			replacement.leaves();
		}
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).as("nobody takes the place of the replacement").isEqualTo(4);
		assertThat(this.cluster.describe().workers()).hasSize(3).allSatisfy((worker) -> {
			assertThat(worker.generation()).isZero();
			assertThat(worker.restarts()).isZero();
		});
		assertThat(this.cluster.builds().retained()).containsExactly("build-1");
	}

	@Test
	void aReplacementThatFailsIsToldToLeave() {
		reload();
		this.cluster.newest().ready().says(WorkerState.REFUSING);
		assertNobodyElseIsToldToLeave(this.cluster.newest());
	}

	@Test
	void aReplacementThatIsNotReadyInTimeIsKilled() {
		try (PlayedCluster impatient = new PlayedCluster("workers=1", "startup.timeout=60s").allReady()) {
			impatient.supervisor().reload("SIGHUP");
			impatient.step();
			PlayedWorker replacement = impatient.newest().connect();
			impatient.pass(Duration.ofSeconds(60));
			assertThat(impatient.reload().state()).isEqualTo(State.ROLLING);
			impatient.pass(NANO);
			impatient.pass(Duration.ofSeconds(2));
			assertThat(replacement.threadDumps()).isOne();
			assertThat(replacement.isKilled()).isTrue();
			replacement.exits(137);
			assertThat(impatient.reload().state()).isEqualTo(State.FAILED);
			assertThat(impatient.reload().failure()).isNotNull();
			assertThat(impatient.reload().failure().reason()).contains("did not become ready within 60.0 s");
			assertThat(impatient.worker(1).isToldToLeave()).isFalse();
		}
	}

	/**
	 * Whether its process exits, or hangs, is about to be known.
	 */
	@Test
	void aReplacementWhoseLinkIsLostProvesNothing() {
		reload();
		PlayedWorker replacement = this.cluster.newest().ready();
		this.cluster.pass(PROBATION.minus(NANO));
		replacement.losesLink();
		this.cluster.pass(Duration.ofSeconds(1));
		assertNobodyElseIsToldToLeave();
		assertThat(this.cluster.reload().state()).isEqualTo(State.ROLLING);
		this.cluster.pass(NANO);
		assertThat(this.cluster.reload().state()).isEqualTo(State.FAILED);
		this.cluster.pass(LONG);
		assertNobodyElseIsToldToLeave();
	}

	@Test
	void theTimeForWhichThePrimaryWasSuspendedIsNoProbation() {
		reload();
		this.cluster.newest().ready();
		this.cluster.stall(LONG);
		this.cluster.pass(PROBATION.minus(NANO));
		assertNobodyElseIsToldToLeave();
		this.cluster.pass(NANO);
		assertNobodyElseIsToldToLeave(this.cluster.worker(1));
	}

	@Test
	void anIndexThatWasReplacedStaysSoWhenTheNextFails() {
		reload();
		this.cluster.newest().ready();
		this.cluster.pass(PROBATION);
		this.cluster.worker(1).leaves();
		this.cluster.newest().exits(1);
		assertThat(this.cluster.reload().state()).isEqualTo(State.FAILED);
		this.cluster.worker(4).exits(137);
		assertThat(this.cluster.newest().build()).as("what it ran").isEqualTo("build-2");
		this.cluster.worker(2).exits(137);
		assertThat(this.cluster.newest().build()).as("what it ran").isEqualTo("build-1");
	}

	@Test
	void anAbortLetsTheStepUnderWayEnd() {
		reload();
		PlayedWorker replacement = this.cluster.newest();
		assertThat(this.cluster.worker(2).commands(new ClusterCommand.Abort()))
			.isInstanceOf(FromPrimary.Accepted.class);
		replacement.ready();
		this.cluster.pass(PROBATION);
		this.cluster.worker(1).leaves();
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(4);
		assertThat(this.cluster.reload().state()).isEqualTo(State.ABORTED);
		assertThat(this.cluster.reload().failure()).isNotNull();
		assertThat(this.cluster.reload().failure().reason()).contains("after 1 of 3 indexes");
		assertThat(this.cluster.describe(replacement).generation()).isOne();
		assertNobodyElseIsToldToLeave();
		assertThat(this.cluster.worker(2).commands(new ClusterCommand.Abort())).isInstanceOfSatisfying(
				FromPrimary.Refused.class, (refused) -> assertThat(refused.refusal()).isEqualTo(Refusal.CONFLICT));
	}

	@Test
	void reloadsThatAreAskedForMeanwhileAreOne() {
		PlayedWorker user = this.cluster.worker(3);
		ReloadDescription first = accepted(user.commands(new ClusterCommand.Reload("test")));
		ReloadDescription second = accepted(user.commands(new ClusterCommand.Reload("test")));
		ReloadDescription third = accepted(user.commands(new ClusterCommand.Reload("test")));
		assertThat(first.state()).isEqualTo(State.ROLLING);
		assertThat(second.state()).isEqualTo(State.WAITING);
		assertThat(third.id()).isEqualTo(second.id()).isNotEqualTo(first.id());
		assertThat(this.cluster.reload().waiting()).isEqualTo(second.id());
		this.cluster.roll(PROBATION);
		assertThat(this.cluster.reload().id()).isEqualTo(second.id());
		assertThat(this.cluster.reload().state()).isEqualTo(State.DONE);
		assertThat(this.cluster.reload().waiting()).isNull();
		assertThat(this.cluster.starts()).as("each of the three is replaced twice").isEqualTo(9);
	}

	@Test
	void aStormOfSignalsEndsInOneReloadAndOneMore() {
		for (int i = 0; i < 10; i++) {
			this.cluster.supervisor().reload("SIGHUP");
			this.cluster.supervisor().scaleBy(1, "SIGTTIN");
			this.cluster.supervisor().reload("SIGUSR2");
			this.cluster.supervisor().scaleBy(-1, "SIGTTOU");
		}
		this.cluster.step();
		this.cluster.roll(PROBATION);
		assertThat(this.cluster.reload().generation()).isEqualTo(2);
		assertThat(this.cluster.reload().state()).isEqualTo(State.DONE);
		assertThat(this.cluster.describe().workers()).hasSize(3)
			.allSatisfy((worker) -> assertThat(worker.generation()).isEqualTo(2));
	}

	@Test
	void theOutcomeIsToldToWhomeverWaitsForItAndItsWorkerComesLast() {
		PlayedWorker user = this.cluster.worker(1);
		ReloadDescription reload = accepted(user.commands(new ClusterCommand.Reload("test")));
		assertThat(reload.id()).isNotNull();
		long exchange = user.awaitsOutcome(reload.id());
		assertThat(this.cluster.newest().index()).isEqualTo(1);
		for (int i = 0; i < 3; i++) {
			this.cluster.newest().ready();
			assertThat(user.answers(exchange)).isEmpty();
			this.cluster.pass(PROBATION);
			PlayedWorker leaving = this.cluster.living()
				.stream()
				.filter(PlayedWorker::isToldToLeave)
				.findFirst()
				.orElseThrow();
			if (leaving != user) {
				leaving.leaves();
			}
		}
		assertThat(user.isToldToLeave()).isTrue();
		assertThat(user.answers(exchange)).isEmpty();
		user.drains();
		assertThat(user.answers(exchange)).singleElement()
			.isInstanceOfSatisfying(FromPrimary.Outcome.class,
					(outcome) -> assertThat(outcome.reload()).isNotNull()
						.extracting(ReloadDescription::state)
						.isEqualTo(State.DONE));
	}

	@Test
	void aStopEndsAReload() {
		PlayedWorker user = this.cluster.worker(3);
		ReloadDescription reload = accepted(user.commands(new ClusterCommand.Reload("test")));
		assertThat(reload.id()).isNotNull();
		long exchange = user.awaitsOutcome(reload.id());
		this.cluster.newest().ready();
		this.cluster.supervisor().stop("SIGTERM", 143);
		this.cluster.step();
		assertThat(user.answers(exchange)).singleElement()
			.isInstanceOfSatisfying(FromPrimary.Outcome.class,
					(outcome) -> assertThat(outcome.reload()).isNotNull()
						.extracting(ReloadDescription::state)
						.isEqualTo(State.ABORTED));
		assertThat(this.cluster.living()).hasSize(4)
			.allSatisfy((worker) -> assertThat(worker.told(FromPrimary.Disconnect.class))
				.containsExactly(new FromPrimary.Disconnect(Duration.ZERO, true)));
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(4);
		this.cluster.seeOff();
		this.cluster.step();
		assertThat(this.cluster.exitCode()).isEqualTo(143);
	}

	@Test
	void aStopDoesNotWaitForABuild() {
		this.cluster.builds().hold();
		reload();
		this.cluster.supervisor().stop("SIGTERM", 143);
		this.cluster.step();
		this.cluster.builds().release();
		this.cluster.pass(Duration.ofSeconds(1));
		assertThat(this.cluster.starts()).isEqualTo(3);
		assertThat(this.cluster.reload().state()).isEqualTo(State.ABORTED);
	}

	@Test
	void nothingIsStartedBeforeThereIsABuild() {
		this.cluster.builds().hold();
		reload();
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(3);
		assertThat(this.cluster.reload().state()).isEqualTo(State.ROLLING);
		this.cluster.builds().release();
		this.cluster.step();
		assertThat(this.cluster.newest().build()).isEqualTo("build-2");
	}

	@Test
	void aBuildThatCannotBeMadeHarmsNobody() {
		this.cluster.builds().fail("no space left");
		reload();
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(3);
		assertThat(this.cluster.reload().state()).isEqualTo(State.FAILED);
		assertThat(this.cluster.reload().failure()).isNotNull();
		assertThat(this.cluster.reload().failure().reason()).isEqualTo("no space left");
		assertNobodyElseIsToldToLeave();
	}

	@Test
	void aReloadGoesOnWhenOldWorkersDie() {
		reload();
		PlayedWorker replacement = this.cluster.newest();
		for (int id = 1; id <= 3; id++) {
			this.cluster.worker(id).exits(137);
		}
		assertThat(this.cluster.started()).extracting(PlayedWorker::index)
			.as("the replacement takes one place, and the others are filled at once")
			.startsWith(0, 1, 2, 0);
		this.cluster.roll(PROBATION);
		assertThat(this.cluster.reload().state()).isEqualTo(State.DONE);
		assertThat(replacement.isAlive()).isTrue();
		assertThat(this.cluster.describe().workers()).hasSize(3)
			.allSatisfy((worker) -> assertThat(worker.generation()).isOne());
	}

	@Test
	void aRestartReplacesOneWorkerByOneThatRunsTheSame() {
		PlayedWorker user = this.cluster.worker(1);
		accepted(user.commands(new ClusterCommand.Restart(2, "test")));
		PlayedWorker replacement = this.cluster.newest();
		assertThat(replacement.index()).isEqualTo(1);
		assertThat(replacement.build()).isEqualTo("build-1");
		assertThat(user.commands(new ClusterCommand.Restart(2, "test"))).isInstanceOfSatisfying(
				FromPrimary.Refused.class, (refused) -> assertThat(refused.refusal()).isEqualTo(Refusal.CONFLICT));
		replacement.ready();
		this.cluster.pass(PROBATION);
		assertNobodyElseIsToldToLeave(this.cluster.worker(2));
		this.cluster.worker(2).leaves();
		this.cluster.pass(LONG);
		assertThat(this.cluster.starts()).isEqualTo(4);
		assertThat(this.cluster.describe(replacement).generation()).isZero();
		assertThat(user.commands(new ClusterCommand.Restart(2, "test"))).isInstanceOfSatisfying(
				FromPrimary.Refused.class,
				(refused) -> assertThat(refused.refusal()).isEqualTo(Refusal.UNKNOWN_WORKER));
	}

	@Test
	void whoAsksToLeaveDuringAReloadIsReplacedOnce() {
		reload();
		this.cluster.worker(3).says(new FromWorker.LeaveRequested(1, "tired"));
		assertThat(this.cluster.starts()).as("its turn comes").isEqualTo(4);
		this.cluster.roll(PROBATION);
		assertThat(this.cluster.starts()).isEqualTo(6);
		assertThat(this.cluster.reload().state()).isEqualTo(State.DONE);
	}

	@Test
	void allTheOldWorkersAreGoneInTheEnd() {
		List<PlayedWorker> old = this.cluster.living();
		reload();
		this.cluster.roll(PROBATION);
		assertThat(old).noneMatch(PlayedWorker::isAlive).noneMatch(PlayedWorker::isKilled);
		assertThat(this.cluster.living()).hasSize(3);
	}

}
