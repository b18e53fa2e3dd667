package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;

/**
 * An index of the cluster with the workers that live there, one normally and two while
 * one replaces the other, and what is remembered of those before.
 */
final class Slot {

	private final int index;

	private final List<WorkerHandle> workers = new ArrayList<>();

	private int restarts;

	private int failures;

	private @Nullable WorkerHandle last;

	private @Nullable ExitDescription lastExit;

	private long notBefore;

	Slot(int index, long now) {
		this.index = index;
		this.notBefore = now;
	}

	int index() {
		return this.index;
	}

	List<WorkerHandle> workers() {
		return this.workers;
	}

	/**
	 * The workers that describe this index to users: those that live, or else the one
	 * that exited last.
	 * @return the workers
	 */
	List<WorkerHandle> described() {
		return (this.workers.isEmpty() && this.last != null) ? List.of(this.last) : this.workers;
	}

	int restarts() {
		return this.restarts;
	}

	@Nullable ExitDescription lastExit() {
		return this.lastExit;
	}

	boolean hasReadySuccessor() {
		return this.workers.stream().anyMatch((worker) -> worker.isStaying() && worker.state() == WorkerState.READY);
	}

	void started(WorkerHandle worker) {
		this.workers.add(worker);
	}

	/**
	 * A worker of this index has exited as it was meant to.
	 * @param worker the worker
	 * @param exit how
	 */
	void left(WorkerHandle worker, ExitDescription exit) {
		this.workers.remove(worker);
		this.last = worker;
		this.lastExit = exit;
	}

	/**
	 * A worker of this index has exited unexpectedly.
	 * @param worker the worker
	 * @param exit how
	 * @param policy tells when it is replaced
	 * @param now the time
	 * @return the delay before it is replaced
	 */
	Duration failed(WorkerHandle worker, ExitDescription exit, RestartPolicy policy, long now) {
		left(worker, exit);
		this.restarts++;
		if (policy.isStable(worker.readyFor(now))) {
			this.failures = 0;
		}
		return backOff(policy, now);
	}

	/**
	 * Put the next start of this index off after a failure.
	 * @param policy tells for how long
	 * @param now the time
	 * @return the delay
	 */
	Duration backOff(RestartPolicy policy, long now) {
		this.failures++;
		Duration delay = policy.delayAfter(this.failures);
		this.notBefore = now + delay.toNanos();
		return delay;
	}

	StartPlan.Candidate candidate() {
		boolean missing = this.workers.stream().noneMatch(WorkerHandle::isStaying);
		long starting = this.workers.stream()
			.filter((worker) -> worker.isStaying() && worker.state() == WorkerState.STARTING)
			.count();
		return new StartPlan.Candidate(this.index, missing, (int) starting, this.notBefore);
	}

}
