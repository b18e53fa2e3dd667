package io.clusterboot.primary;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.launch.Build;
import io.clusterboot.launch.JavaCommand;
import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.ReloadDescription.State;
import io.clusterboot.protocol.WorkerIdentity;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Rollouts}.
 */
class RolloutsTests {

	private static final Build BUILD = new Build(null, WorkerCommand.of(JavaCommand.ofThisProcess(),
			new ClusterProperties.Worker(List.of(), Map.of(), null, null)));

	private final List<String> events = new ArrayList<>();

	private final Rollouts rollouts = new Rollouts(new ClusterProperties.Reload(1, Duration.ZERO), new Crew());

	@Test
	void theWorkerInWhichAReloadWasAskedForComesLast() {
		Rollout reload = this.rollouts.reload("test", worker(1, 0), 0);
		prepared(reload, 0, 1);
		assertThat(this.events).containsExactly("prepare 1", "start 1");
	}

	@Test
	void ofReloadsOneRunsAndOneWaits() {
		Rollout first = this.rollouts.reload("test", null, 0);
		Rollout second = this.rollouts.reload("test", null, 0);
		assertThat(this.rollouts.reload("test", null, 0)).isSameAs(second).isNotSameAs(first);
		assertThat(this.rollouts.describe().id()).isEqualTo(first.id());
		assertThat(this.rollouts.describe().waiting()).isEqualTo(second.id());
		prepared(first, 0);
		replace(0);
		assertThat(this.events).containsExactly("prepare 1", "start 0", "retire 0", "over 1 DONE", "prepare 2");
	}

	@Test
	void aRestartWaitsForTheReloadBeforeIt() {
		Rollout reload = this.rollouts.reload("test", null, 0);
		this.rollouts.restart(worker(1, 1), "test", 0);
		prepared(reload, 0);
		replace(0);
		assertThat(this.events).endsWith("over 1 DONE", "start 1");
	}

	@Test
	void aRestartThatWaitsIsKnown() {
		WorkerHandle worker = worker(1, 0);
		this.rollouts.restart(worker(2, 1), "test", 0);
		assertThat(this.rollouts.isAboutOrWaitsFor(worker)).isFalse();
		this.rollouts.restart(worker, "test", 0);
		assertThat(this.rollouts.isAbout(0)).isFalse();
		assertThat(this.rollouts.isAboutOrWaitsFor(worker)).isTrue();
	}

	@Test
	void aWorkerThatAsksToLeaveIsReplacedBesideAReload() {
		Rollout reload = this.rollouts.reload("test", null, 0);
		prepared(reload, 0, 1);
		this.rollouts.leave(worker(5, 2), "test", 0);
		assertThat(this.events).endsWith("start 0", "start 2");
	}

	@Test
	void aReloadLeavesAnIndexAloneThatIsBeingReplacedAlready() {
		this.rollouts.leave(worker(1, 0), "test", 0);
		prepared(this.rollouts.reload("test", null, 0), 0);
		assertThat(this.events).containsExactly("start 0", "prepare 2");
		replace(0);
		this.rollouts.tick(0);
		assertThat(this.events).endsWith("over 1 DONE", "start 0");
	}

	@Test
	void abortDropsWhatWaits() {
		Rollout first = this.rollouts.reload("test", null, 0);
		Rollout second = this.rollouts.reload("test", null, 0);
		assertThat(this.rollouts.abort(0)).isSameAs(first);
		assertThat(second.reload().state()).isEqualTo(State.ABORTED);
		this.rollouts.tick(0);
		assertThat(this.rollouts.isIdle()).isTrue();
		assertThat(this.rollouts.abort(0)).isNull();
	}

	@Test
	void abortTellsWhatItHasDropped() {
		Rollout first = this.rollouts.reload("test", null, 0);
		prepared(first, 0);
		this.rollouts.ready(0, 0);
		this.rollouts.tick(0);
		this.rollouts.stoppedAccepting(0, 0);
		Rollout second = this.rollouts.reload("test", null, 0);
		assertThat(first.reload().state()).isEqualTo(State.DONE);
		assertThat(this.rollouts.abort(0)).isSameAs(second);
	}

	@Test
	void theNextReloadWaitsForTheWorkerThatAskedForTheLast() {
		Rollout first = this.rollouts.reload("test", worker(1, 0), 0);
		prepared(first, 0);
		this.rollouts.ready(0, 0);
		this.rollouts.tick(0);
		this.rollouts.stoppedAccepting(0, 0);
		this.rollouts.reload("test", null, 0);
		this.rollouts.tick(0);
		assertThat(this.events).endsWith("over 1 DONE");
		this.rollouts.left(0, 0);
		this.rollouts.tick(0);
		assertThat(this.events).endsWith("prepare 2");
	}

	@Test
	void nothingGoesOnWhenTheClusterStops() {
		Rollout reload = this.rollouts.reload("test", null, 0);
		prepared(reload, 0, 1);
		this.rollouts.cancel("the cluster stops");
		assertThat(this.events).endsWith("over 1 ABORTED");
		this.rollouts.failed(0, Failure.of("too late"), 0);
		this.rollouts.tick(0);
		assertThat(this.events).endsWith("over 1 ABORTED");
	}

	private void prepared(Rollout reload, Integer... indexes) {
		this.rollouts.prepared(reload, new Generation(reload.number(), BUILD), List.of(indexes), 0);
	}

	private void replace(int index) {
		this.rollouts.ready(index, 0);
		this.rollouts.tick(0);
		this.rollouts.left(index, 0);
		this.rollouts.tick(0);
	}

	private static WorkerHandle worker(int id, int index) {
		return new WorkerHandle(new WorkerIdentity(id, index, id, 0, Path.of("unused"), PortSharing.HANDLES), BUILD,
				new NoProcess(), List.of(), new OutputTail(), 0, 0);
	}

	private final class Crew implements Rollouts.Crew {

		@Override
		public void prepare(Rollout rollout, Rollouts rollouts) {
			RolloutsTests.this.events.add("prepare " + rollout.id());
		}

		@Override
		public void start(int index, Rollout rollout) {
			RolloutsTests.this.events.add("start " + index);
		}

		@Override
		public boolean retire(int index, Rollout rollout) {
			RolloutsTests.this.events.add("retire " + index);
			return true;
		}

		@Override
		public void discard(int index) {
			RolloutsTests.this.events.add("discard " + index);
		}

		@Override
		public void over(Rollout rollout) {
			RolloutsTests.this.events.add("over %d %s".formatted(rollout.id(), rollout.reload().state()));
		}

	}

}
