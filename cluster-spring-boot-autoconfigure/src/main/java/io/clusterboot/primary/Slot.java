package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.clusterboot.primary.WorkerHandle.Intent;
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

	private Generation generation;

	private @Nullable Succession succession;

	private boolean wanted = true;

	private int restarts;

	private int failures;

	private @Nullable WorkerHandle last;

	private @Nullable ExitDescription lastExit;

	private long notBefore;

	Slot(int index, Generation generation, long now) {
		this.index = index;
		this.generation = generation;
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
		return (this.workers.isEmpty() && this.last != null && this.wanted) ? List.of(this.last) : this.workers;
	}

	int restarts() {
		return this.restarts;
	}

	@Nullable ExitDescription lastExit() {
		return this.lastExit;
	}

	/**
	 * What workers of this index run that nobody questions.
	 * @return the generation that has proved itself here
	 */
	Generation generation() {
		return this.generation;
	}

	/**
	 * What the next worker of this index runs.
	 * @return the generation
	 */
	Generation nextGeneration() {
		return (this.succession != null) ? this.succession.generation : this.generation;
	}

	/**
	 * Whether the cluster has this index, or is about to be without it.
	 * @return whether there should be a worker
	 */
	boolean isWanted() {
		return this.wanted;
	}

	/**
	 * The cluster does without this index.
	 */
	void giveUp() {
		this.wanted = false;
		this.succession = null;
	}

	/**
	 * The cluster has this index again, whose workers may still be leaving.
	 * @param generation what the next one runs
	 */
	void takeBack(Generation generation) {
		this.wanted = true;
		this.generation = generation;
	}

	/**
	 * Start a replacement beside the worker, which is kept until it has proved itself.
	 * @param generation what the replacement runs, or {@code null} for the same
	 * @param reason why
	 */
	void replace(@Nullable Generation generation, String reason) {
		this.succession = new Succession(Objects.requireNonNullElse(generation, this.generation));
		this.workers.forEach((worker) -> worker.intend(Intent.REPLACE, reason, 0));
	}

	/**
	 * The replacement takes over.
	 * @return the workers that it replaces, which have to leave
	 */
	List<WorkerHandle> settle() {
		this.generation = nextGeneration();
		this.failures = 0;
		List<WorkerHandle> replaced = this.workers.stream().filter((worker) -> !isReplacement(worker)).toList();
		this.succession = null;
		return replaced;
	}

	/**
	 * The replacement does not take over.
	 * @return the replacement, if it lives, which has to leave
	 */
	List<WorkerHandle> revert() {
		List<WorkerHandle> discarded = this.workers.stream().filter(this::isReplacement).toList();
		this.succession = null;
		this.workers.stream().filter((worker) -> !discarded.contains(worker)).forEach(WorkerHandle::keep);
		return discarded;
	}

	/**
	 * Whether there is a replacement, or is going to be.
	 * @return whether the next worker is one
	 */
	boolean isSucceeding() {
		return this.succession != null;
	}

	/**
	 * Whether a worker has been started to replace another one and has not proved itself
	 * yet.
	 * @param worker the worker
	 * @return whether it has
	 */
	boolean isReplacement(WorkerHandle worker) {
		return this.succession != null && this.succession.worker == worker;
	}

	void started(WorkerHandle worker) {
		this.workers.add(worker);
		if (this.succession != null) {
			this.succession.worker = worker;
		}
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
		return abandoned(worker, policy, now);
	}

	/**
	 * A worker of this index leaves that nobody has asked to. It may not have exited yet.
	 * @param worker the worker
	 * @param policy tells when it is replaced
	 * @param now the time
	 * @return the delay before it is replaced
	 */
	Duration abandoned(WorkerHandle worker, RestartPolicy policy, long now) {
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

	/**
	 * Forget the failures before, and start at once: what comes now may mend them.
	 * @param now the time
	 */
	void forgive(long now) {
		this.failures = 0;
		this.notBefore = now;
	}

	boolean mayStart(long now) {
		return now - this.notBefore >= 0;
	}

	StartPlan.Candidate candidate() {
		long starting = this.workers.stream()
			.filter((worker) -> worker.isStaying() && worker.state() == WorkerState.STARTING)
			.count();
		return new StartPlan.Candidate(this.index, isMissing(), (int) starting, this.notBefore);
	}

	private boolean isMissing() {
		if (this.succession != null) {
			return this.succession.worker == null;
		}
		return this.wanted && this.workers.stream().noneMatch(WorkerHandle::isStaying);
	}

	/**
	 * A worker that is to take the place of another one.
	 */
	private static final class Succession {

		private final Generation generation;

		private @Nullable WorkerHandle worker;

		private Succession(Generation generation) {
			this.generation = generation;
		}

	}

}
