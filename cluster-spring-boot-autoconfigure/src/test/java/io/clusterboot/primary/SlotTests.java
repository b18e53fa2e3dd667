package io.clusterboot.primary;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.launch.Build;
import io.clusterboot.launch.JavaCommand;
import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.primary.WorkerHandle.Intent;
import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Slot}.
 */
class SlotTests {

	private static final ExitDescription EXIT = new ExitDescription(1, null, "exit code 1", Instant.EPOCH);

	private final RestartPolicy policy = new RestartPolicy(
			new ClusterProperties.Restart(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0, Duration.ofSeconds(10)),
			() -> 0.5);

	private final Generation first = new Generation(0, build());

	private final Slot slot = new Slot(0, this.first, 0);

	private int ids;

	@Test
	void failuresInARowBackOff() {
		assertThat(fail(seconds(0))).isZero();
		assertThat(fail(seconds(0))).isEqualTo(Duration.ofSeconds(1));
		assertThat(fail(seconds(0))).isEqualTo(Duration.ofSeconds(2));
		assertThat(this.slot.restarts()).isEqualTo(3);
		assertThat(this.slot.candidate().notBefore()).isEqualTo(seconds(2));
	}

	@Test
	void aStableWorkerMakesItsIndexForgetTheFailures() {
		fail(seconds(0));
		fail(seconds(0));
		WorkerHandle stable = started();
		stable.state(WorkerState.READY, seconds(20));
		assertThat(this.slot.failed(stable, EXIT, this.policy, seconds(30))).isZero();
		assertThat(fail(seconds(30))).isEqualTo(Duration.ofSeconds(1));
	}

	@Test
	void workersThatLeaveUnaskedBackOffBeforeTheyHaveExited() {
		WorkerHandle first = started();
		first.state(WorkerState.DRAINING, 0);
		assertThat(this.slot.abandoned(first, this.policy, 0)).isZero();
		assertThat(this.slot.candidate().missing()).isTrue();
		WorkerHandle second = started();
		second.state(WorkerState.DRAINING, 0);
		assertThat(this.slot.abandoned(second, this.policy, 0)).isEqualTo(Duration.ofSeconds(1));
		assertThat(this.slot.restarts()).isEqualTo(2);
	}

	@Test
	void aReplacementTakesOver() {
		Generation second = new Generation(1, build());
		WorkerHandle old = started();
		old.state(WorkerState.READY, 1);
		assertThat(this.slot.candidate().missing()).isFalse();
		this.slot.replace(second, "test");
		assertThat(this.slot.candidate().missing()).isTrue();
		assertThat(this.slot.nextGeneration()).isEqualTo(second);
		assertThat(this.slot.generation()).isEqualTo(this.first);
		WorkerHandle replacement = started();
		assertThat(this.slot.candidate().missing()).isFalse();
		assertThat(this.slot.isReplacement(replacement)).isTrue();
		assertThat(this.slot.isReplacement(old)).isFalse();
		assertThat(this.slot.settle()).containsExactly(old);
		assertThat(this.slot.isReplacement(replacement)).isFalse();
		assertThat(this.slot.generation()).isEqualTo(second);
	}

	@Test
	void aReplacementThatFailsLeavesEverythingAsItWas() {
		WorkerHandle old = started();
		this.slot.replace(new Generation(1, build()), "test");
		WorkerHandle replacement = started();
		assertThat(this.slot.revert()).containsExactly(replacement);
		assertThat(old.intent()).isEqualTo(Intent.KEEP);
		assertThat(this.slot.nextGeneration()).isEqualTo(this.first);
		replacement.intend(Intent.DISCONNECT, "discarded", 0);
		assertThat(this.slot.candidate().missing()).isFalse();
	}

	@Test
	void aReplacementThatIsBeingKilledIsNotReplacedItself() {
		started();
		this.slot.replace(null, "test");
		started().intend(Intent.CONDEMN, "not ready in time", 0);
		assertThat(this.slot.candidate().missing()).isFalse();
	}

	@Test
	void anIndexThatIsGivenUpNeedsNoWorker() {
		WorkerHandle worker = started();
		this.slot.giveUp();
		this.slot.left(worker, EXIT);
		assertThat(this.slot.candidate().missing()).isFalse();
		assertThat(this.slot.described()).isEmpty();
		this.slot.takeBack(this.first);
		assertThat(this.slot.candidate().missing()).isTrue();
	}

	@Test
	void aWorkerThatDrainsByItselfIsMissingAtOnce() {
		WorkerHandle worker = started();
		worker.state(WorkerState.READY, 1);
		worker.state(WorkerState.DRAINING, 2);
		assertThat(this.slot.candidate().missing()).isTrue();
	}

	@Test
	void anEmptySlotShowsTheWorkerThatExitedLast() {
		WorkerHandle worker = started();
		worker.exited(seconds(5));
		this.slot.left(worker, EXIT);
		assertThat(this.slot.described()).containsExactly(worker);
		assertThat(worker.state()).isEqualTo(WorkerState.STOPPED);
		assertThat(worker.age(seconds(60))).isEqualTo(Duration.ofSeconds(5));
		WorkerHandle successor = started();
		assertThat(this.slot.described()).containsExactly(successor);
		assertThat(this.slot.lastExit()).isEqualTo(EXIT);
	}

	@Test
	void anIntentGetsOnlyHarder() {
		WorkerHandle worker = started();
		assertThat(worker.intend(Intent.DISCONNECT, "the cluster stops", 5)).isTrue();
		assertThat(worker.intend(Intent.REPLACE, "too late", 0)).isFalse();
		assertThat(worker.intend(Intent.DISCONNECT, "again", 9)).isFalse();
		assertThat(worker.reason()).isEqualTo("the cluster stops");
		assertThat(worker.isDue(4)).isFalse();
		assertThat(worker.isDue(5)).isTrue();
	}

	private Duration fail(long now) {
		return this.slot.failed(started(), EXIT, this.policy, now);
	}

	private static Build build() {
		ClusterProperties.Worker settings = new ClusterProperties.Worker(List.of(), Map.of(), null, null);
		return new Build(null, WorkerCommand.of(JavaCommand.ofThisProcess(), settings));
	}

	private WorkerHandle started() {
		WorkerIdentity identity = new WorkerIdentity(++this.ids, 0, 1, 0, Path.of("unused"), PortSharing.HANDLES);
		WorkerHandle worker = new WorkerHandle(identity, build(), new NoProcess(), List.of(), new OutputTail(), 0, 0);
		this.slot.started(worker);
		return worker;
	}

	private static long seconds(long seconds) {
		return Duration.ofSeconds(seconds).toNanos();
	}

}
