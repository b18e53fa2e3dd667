package io.clusterboot.primary;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.RestartReason;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RollingReload} and what the cluster knows of it: who asked, what its workers
 * run, and who waits for its outcome.
 */
final class Rollout {

	private final int id;

	private final Kind kind;

	private final String trigger;

	private final @Nullable WorkerHandle target;

	private final RollingReload reload;

	private final List<Waiter> waiters = new ArrayList<>();

	private @Nullable WorkerHandle askedForIn;

	private int number;

	private @Nullable Generation generation;

	private @Nullable Instant startedAt;

	private @Nullable Instant finishedAt;

	Rollout(int id, Kind kind, String trigger, @Nullable WorkerHandle target, int number, RollingReload reload) {
		this.id = id;
		this.kind = kind;
		this.trigger = trigger;
		this.target = target;
		this.number = number;
		this.reload = reload;
	}

	/**
	 * Why workers are replaced.
	 */
	enum Kind {

		/**
		 * All of them, to run what is there now.
		 */
		RELOAD(RestartReason.RELOAD),

		/**
		 * One of them, since somebody asked for it.
		 */
		RESTART(RestartReason.RESTART),

		/**
		 * One of them, since it has reached a limit.
		 */
		RECYCLE(RestartReason.RECYCLE),

		/**
		 * One of them, since it asked for it itself.
		 */
		LEAVE(RestartReason.LEAVE);

		private final RestartReason restartReason;

		Kind(RestartReason restartReason) {
			this.restartReason = restartReason;
		}

		RestartReason restartReason() {
			return this.restartReason;
		}

	}

	int id() {
		return this.id;
	}

	Kind kind() {
		return this.kind;
	}

	String trigger() {
		return this.trigger;
	}

	/**
	 * The worker to replace.
	 * @return the worker, or {@code null} if it is all of them
	 */
	@Nullable WorkerHandle target() {
		return this.target;
	}

	RollingReload reload() {
		return this.reload;
	}

	List<Waiter> waiters() {
		return this.waiters;
	}

	/**
	 * A worker has passed on somebody's wish for this, and is likely to be asked for the
	 * outcome next: its turn has to come last before that question is there.
	 * @param worker the worker
	 */
	void askedForIn(WorkerHandle worker) {
		this.askedForIn = worker;
	}

	/**
	 * Whether somebody waits for the outcome in a worker of an index, or is about to.
	 * @param index the index
	 * @return whether somebody does
	 */
	boolean isAwaitedIn(int index) {
		WorkerHandle worker = this.askedForIn;
		return worker != null && !this.reload.state().isFinal() && worker.index() == index
				&& worker.state() != WorkerState.STOPPED
				|| this.waiters.stream().anyMatch((waiter) -> waiter.worker().index() == index);
	}

	/**
	 * What the workers that it starts run.
	 * @return the generation, or {@code null} if they run what those before them did
	 */
	@Nullable Generation generation() {
		return this.generation;
	}

	void generation(Generation generation) {
		this.generation = generation;
	}

	int number() {
		return this.number;
	}

	void begins(int number) {
		this.number = number;
		this.startedAt = Instant.now();
	}

	boolean hasBegun() {
		return this.startedAt != null;
	}

	/**
	 * How long it took, as far as it has come.
	 * @return the time, zero if it has not begun
	 */
	Duration duration() {
		Instant end = (this.finishedAt != null) ? this.finishedAt : Instant.now();
		return (this.startedAt != null) ? Duration.between(this.startedAt, end) : Duration.ZERO;
	}

	/**
	 * Take note that the outcome is known.
	 * @return whether it was not before
	 */
	boolean noteOutcome() {
		if (!this.reload.state().isFinal() || this.finishedAt != null) {
			return false;
		}
		this.finishedAt = Instant.now();
		return true;
	}

	ReloadDescription describe() {
		ReloadDescription.State state = this.reload.state();
		if (state == ReloadDescription.State.WAITING && this.startedAt != null) {
			state = ReloadDescription.State.ROLLING;
		}
		return new ReloadDescription(this.id, state, this.trigger, this.number, this.reload.step(), this.reload.of(),
				this.startedAt, this.finishedAt, this.reload.failure(), null);
	}

	@Override
	public String toString() {
		return switch (this.kind) {
			case RELOAD -> "Reload %d (%s)".formatted(this.id, this.trigger);
			case RESTART -> "Restart %d of %s (%s)".formatted(this.id, this.target, this.trigger);
			case RECYCLE, LEAVE -> "Replacement %d of %s".formatted(this.id, this.target);
		};
	}

	/**
	 * Somebody who waits for the outcome.
	 *
	 * @param worker the worker that asked
	 * @param exchange number that the answer carries
	 */
	record Waiter(WorkerHandle worker, long exchange) {
	}

}
