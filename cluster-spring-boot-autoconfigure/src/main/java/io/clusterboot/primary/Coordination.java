package io.clusterboot.primary;

import io.clusterboot.primary.Leadership.Candidate;
import io.clusterboot.primary.Leadership.Fitness;
import io.clusterboot.primary.WorkerHandle.Intent;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Verdict;
import io.clusterboot.protocol.WorkerState;

/**
 * Sees to it that what one worker is to do for all is done by one: there is a leader, and
 * it has a permit for what it runs. Belongs to the supervisor's thread.
 */
final class Coordination {

	private static final EventLog eventLog = EventLog.of(Coordination.class);

	private final Slots slots;

	private final Rollouts rollouts;

	private final Leadership leadership = new Leadership();

	private final PermitBook permits = new PermitBook();

	Coordination(Slots slots, Rollouts rollouts) {
		this.slots = slots;
		this.rollouts = rollouts;
	}

	void tick(long now) {
		this.leadership.appoint(this.slots.workers().map((worker) -> candidate(worker, now)).toList())
			.ifPresent((leader) -> this.slots.workers()
				.filter((worker) -> worker.id() == leader.id())
				.forEach((worker) -> appoint(worker, leader)));
	}

	private static void appoint(WorkerHandle worker, Candidate leader) {
		eventLog.event("leader-appointed").worker(worker).info("%s is the leader".formatted(worker));
		worker.send(new FromPrimary.Appointed(leader.stateChanges()));
	}

	private Candidate candidate(WorkerHandle worker, long now) {
		return new Candidate(worker.id(), worker.state() == WorkerState.READY, worker.stateChanges(), fitness(worker),
				worker.generation(), worker.readyFor(now));
	}

	private Fitness fitness(WorkerHandle worker) {
		if (!worker.isReachable() || worker.intent().compareTo(Intent.REPLACE) > 0) {
			return Fitness.NONE;
		}
		boolean stays = worker.isStaying() && worker.leaveReason() == null
				&& !this.slots.of(worker).isReplacement(worker) && !this.rollouts.isAboutOrWaitsFor(worker);
		return stays ? Fitness.STAYS : Fitness.MAY_LEAVE;
	}

	FromPrimary answer(WorkerHandle worker, FromWorker.Acquire request) {
		Verdict verdict = this.leadership.isLeader(worker.id())
				? this.permits.acquire(request.name(), worker.id(), request.exchange()) : Verdict.REFUSED;
		return new FromPrimary.Permitted(request.exchange(), verdict);
	}

	void released(WorkerHandle worker, FromWorker.Release release) {
		this.permits.release(release.name(), worker.id(), release.permit());
	}

	void completed(WorkerHandle worker, FromWorker.Completed completed) {
		this.permits.completed(completed.name(), worker.id(), completed.permit());
	}

	/**
	 * The process of a worker is gone.
	 * @param worker the worker
	 */
	void exited(WorkerHandle worker) {
		this.permits.exited(worker.id());
	}

}
