package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.clusterboot.primary.RollingReload.Command;
import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.ReloadDescription.State;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RollingReload}.
 */
class RollingReloadTests {

	private static final long PROBATION = Duration.ofSeconds(5).toNanos();

	private static final Failure FAILURE = new Failure("exit code 1", 7, 0, 1, List.of("boom"));

	private final Set<Integer> busy = new HashSet<>();

	private final Set<Integer> awaited = new HashSet<>();

	private RollingReload reload = reload(1);

	/**
	 * From here on, all the ways in which a reload can end.
	 */
	@Test
	void doneWhenTheLastOldWorkerAcceptsNothingAnyMore() {
		assertThat(begin(0, 1)).containsExactly("START 0");
		replace(0);
		assertThat(of(this.reload.left(0, 0))).containsExactly("START 1");
		this.reload.ready(1, 0);
		assertThat(of(this.reload.tick(PROBATION))).containsExactly("RETIRE 1");
		assertThat(this.reload.state()).isEqualTo(State.ROLLING);
		assertThat(of(this.reload.stoppedAccepting(1, PROBATION))).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.DONE);
		assertThat(this.reload.isOver()).isFalse();
		this.reload.left(1, PROBATION);
		assertThat(this.reload.isOver()).isTrue();
	}

	@Test
	void failedWhenAReplacementExitsBeforeItIsReady() {
		begin(0, 1);
		assertThat(of(this.reload.failed(0, FAILURE, 0))).containsExactly("DISCARD 0");
		assertFailedFor(FAILURE);
		assertThat(this.reload.isOver()).isTrue();
	}

	@Test
	void failedWhenAReplacementDoesNotStayReady() {
		begin(0, 1);
		this.reload.ready(0, 0);
		assertThat(of(this.reload.failed(0, FAILURE, PROBATION - 1))).containsExactly("DISCARD 0");
		assertFailedFor(FAILURE);
	}

	@Test
	void failedWhenAReplacementIsNotHeardAtTheEndOfItsProbation() {
		begin(0);
		this.reload.ready(0, 0);
		this.reload.doubted(0);
		assertThat(of(this.reload.tick(PROBATION * 10))).isEmpty();
		assertThat(of(this.reload.failed(0, FAILURE, PROBATION * 10))).containsExactly("DISCARD 0");
		assertFailedFor(FAILURE);
	}

	@Test
	void failedWhileIndexesThatWereReplacedStaySo() {
		begin(0, 1, 2);
		replace(0);
		this.reload.left(0, 0);
		assertThat(of(this.reload.failed(1, FAILURE, 0))).containsExactly("DISCARD 1");
		assertFailedFor(FAILURE);
		assertThat(this.reload.step()).isEqualTo(2);
		assertThat(this.reload.of()).isEqualTo(3);
	}

	@Test
	void failedForAllThatAreBeingReplacedWhenOneIs() {
		this.reload = reload(3);
		assertThat(begin(0, 1, 2)).containsExactly("START 0", "START 1", "START 2");
		this.reload.ready(0, 0);
		assertThat(of(this.reload.ready(1, PROBATION))).containsExactly("RETIRE 0");
		assertThat(of(this.reload.failed(2, FAILURE, PROBATION))).containsExactly("DISCARD 1", "DISCARD 2");
		assertFailedFor(FAILURE);
		assertThat(this.reload.isOver()).as("an old worker is still leaving").isFalse();
		this.reload.left(0, PROBATION);
		assertThat(this.reload.isOver()).isTrue();
	}

	@Test
	void failedWhenThereIsNothingToStart() {
		this.reload.cannotBegin("no space left");
		assertFailedFor(Failure.of("no space left"));
		assertThat(begin(0)).isEmpty();
		assertThat(this.reload.isOver()).isTrue();
	}

	@Test
	void abortedAfterTheStepUnderWay() {
		begin(0, 1);
		this.reload.ready(0, 0);
		assertThat(of(this.reload.abort(0))).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.ROLLING);
		assertThat(of(this.reload.tick(PROBATION))).containsExactly("RETIRE 0");
		assertThat(of(this.reload.stoppedAccepting(0, PROBATION))).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.ABORTED);
		assertThat(of(this.reload.left(0, PROBATION))).isEmpty();
		assertThat(this.reload.isOver()).isTrue();
	}

	@Test
	void doneWhenNothingIsLeftToAbort() {
		begin(0);
		this.reload.abort(0);
		replace(0);
		this.reload.left(0, 0);
		assertThat(this.reload.state()).isEqualTo(State.DONE);
	}

	@Test
	void failedWhenTheStepAfterWhichItWasToEndFails() {
		begin(0, 1);
		this.reload.abort(0);
		this.reload.failed(0, FAILURE, 0);
		assertFailedFor(FAILURE);
	}

	@Test
	void abortedBeforeItBegan() {
		this.reload.abort(0);
		assertThat(this.reload.state()).isEqualTo(State.ABORTED);
		assertThat(begin(0)).isEmpty();
	}

	@Test
	void abortedAtOnceWhenTheClusterStops() {
		begin(0, 1);
		this.reload.cancel("the cluster stops");
		assertThat(this.reload.state()).isEqualTo(State.ABORTED);
		assertThat(this.reload.failure()).isEqualTo(Failure.of("the cluster stops"));
	}

	@Test
	void doneWithoutIndexesThatTheClusterGivesUp() {
		begin(0, 1);
		this.reload.removed(1, 0);
		assertThat(this.reload.of()).isEqualTo(1);
		this.reload.removed(0, 0);
		assertThat(this.reload.state()).isEqualTo(State.DONE);
	}

	@Test
	void doneWhenThereIsNothingToReplace() {
		assertThat(begin()).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.DONE);
	}

	/**
	 * From here on, its way there.
	 */
	@Test
	void theNextIndexWaitsForTheOldWorkerToBeGone() {
		begin(0, 1);
		replace(0);
		assertThat(of(this.reload.stoppedAccepting(0, 0))).isEmpty();
		assertThat(of(this.reload.tick(PROBATION * 10))).isEmpty();
		assertThat(of(this.reload.left(0, PROBATION * 10))).containsExactly("START 1");
	}

	@Test
	void anOldWorkerThatDiesMeanwhileIsNotMissed() {
		begin(0);
		assertThat(of(this.reload.left(0, 0))).isEmpty();
		assertThat(this.reload.isReplacing(0)).isTrue();
		this.reload.ready(0, 0);
		assertThat(of(this.reload.tick(PROBATION))).containsExactly("RETIRE 0");
		this.reload.left(0, PROBATION);
		assertThat(this.reload.state()).isEqualTo(State.DONE);
	}

	@Test
	void aReplacementThatHasTakenOverFailsNothing() {
		begin(0, 1);
		replace(0);
		assertThat(of(this.reload.failed(0, FAILURE, 0))).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.ROLLING);
	}

	@Test
	void theIndexInWhichTheOutcomeIsAwaitedComesLast() {
		this.awaited.add(0);
		assertThat(begin(0, 1)).containsExactly("START 1");
		replace(1);
		assertThat(of(this.reload.left(1, 0))).containsExactly("START 0");
		replace(0);
		this.reload.stoppedAccepting(0, 0);
		assertThat(this.reload.state()).isEqualTo(State.DONE);
	}

	@Test
	void aWorkerThatWaitsForAnOutcomeIsNotWaitedForOnceItAcceptsNothing() {
		begin(0, 1);
		this.awaited.add(0);
		this.reload.ready(0, 0);
		assertThat(of(this.reload.tick(PROBATION))).containsExactly("RETIRE 0");
		assertThat(of(this.reload.stoppedAccepting(0, PROBATION))).containsExactly("START 1");
		this.reload.ready(1, 0);
		this.reload.tick(PROBATION);
		this.reload.stoppedAccepting(1, PROBATION);
		assertThat(this.reload.state()).isEqualTo(State.DONE);
		assertThat(this.reload.isOver()).isFalse();
		this.reload.left(1, PROBATION);
		assertThat(this.reload.isOver()).as("with 0 still waiting").isTrue();
	}

	@Test
	void anIndexThatIsBusyHasItsTurnLater() {
		this.busy.add(0);
		assertThat(begin(0, 1)).containsExactly("START 1");
		replace(1);
		assertThat(of(this.reload.left(1, 0))).isEmpty();
		assertThat(this.reload.state()).isEqualTo(State.ROLLING);
		this.busy.clear();
		assertThat(of(this.reload.tick(0))).containsExactly("START 0");
	}

	@Test
	void anIndexThatIsAddedIsReplacedToo() {
		begin(0);
		this.reload.added(1, 0);
		assertThat(this.reload.of()).isEqualTo(2);
		replace(0);
		assertThat(of(this.reload.left(0, 0))).containsExactly("START 1");
	}

	private RollingReload reload(int surge) {
		return new RollingReload(surge, Duration.ofNanos(PROBATION), (index) -> !this.busy.contains(index),
				this.awaited::contains);
	}

	private List<String> begin(Integer... indexes) {
		return of(this.reload.begin(List.of(indexes), 0));
	}

	/**
	 * Have a replacement take over, at a time that its probation is long past.
	 */
	private void replace(int index) {
		this.reload.ready(index, -PROBATION);
		this.reload.tick(0);
	}

	private void assertFailedFor(Failure failure) {
		assertThat(this.reload.state()).isEqualTo(State.FAILED);
		assertThat(this.reload.failure()).isEqualTo(failure);
	}

	private static List<String> of(List<Command> commands) {
		List<String> names = new ArrayList<>();
		commands.forEach((command) -> names.add(command.action() + " " + command.index()));
		return names;
	}

}
