package io.clusterboot.primary;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.primary.RollingReload.Command;
import io.clusterboot.primary.Rollout.Kind;
import io.clusterboot.primary.Rollout.Waiter;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.ReloadDescription.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Puts in order whatever replaces workers. Reloads and restarts come one after the other,
 * and of reloads at most one waits. Workers that ask to leave are replaced at once,
 * beside that. Belongs to the supervisor's thread.
 */
final class Rollouts {

	/** Outcomes that are kept for those who ask late. */
	private static final int REMEMBERED = 32;

	private final ClusterProperties.Reload settings;

	private final Crew crew;

	private final Deque<Rollout> queue = new ArrayDeque<>();

	private final Map<Integer, Rollout> leaving = new LinkedHashMap<>();

	private final Map<Integer, ReloadDescription> past = new LinkedHashMap<>();

	private @Nullable Rollout current;

	private @Nullable Rollout lastReload;

	private int lastId;

	private int lastGeneration;

	Rollouts(ClusterProperties.Reload settings, Crew crew) {
		this.settings = settings;
		this.crew = crew;
	}

	/**
	 * Replace all workers.
	 * @param trigger who asks
	 * @param askedForIn the worker in which it was asked for, if it was one
	 * @param now the time
	 * @return the reload: a new one, or the one that waits already
	 */
	Rollout reload(String trigger, @Nullable WorkerHandle askedForIn, long now) {
		for (Rollout waiting : this.queue) {
			if (waiting.kind() == Kind.RELOAD) {
				return waiting;
			}
		}
		Rollout reload = rollout(Kind.RELOAD, trigger, null);
		if (askedForIn != null) {
			reload.askedForIn(askedForIn);
		}
		return enqueue(reload, now);
	}

	/**
	 * Replace one worker, when it is its turn.
	 * @param worker the worker
	 * @param trigger who asks
	 * @param now the time
	 * @return the restart
	 */
	Rollout restart(WorkerHandle worker, String trigger, long now) {
		return enqueue(rollout(Kind.RESTART, trigger, worker), now);
	}

	/**
	 * Replace one worker that has reached a limit.
	 * @param worker the worker
	 * @param reason which limit
	 * @param now the time
	 */
	void recycle(WorkerHandle worker, String reason, long now) {
		enqueue(rollout(Kind.RECYCLE, reason, worker), now);
	}

	/**
	 * Replace one worker at once, since it asks for it.
	 * @param worker the worker
	 * @param reason why
	 * @param now the time
	 */
	void leave(WorkerHandle worker, String reason, long now) {
		Rollout rollout = rollout(Kind.LEAVE, reason, worker);
		this.leaving.put(worker.index(), rollout);
		begin(rollout, now);
	}

	private Rollout rollout(Kind kind, String trigger, @Nullable WorkerHandle target) {
		int surge = (kind == Kind.RELOAD) ? this.settings.surge() : 1;
		return new Rollout(++this.lastId, kind, trigger, target, this.lastGeneration + 1,
				new RollingReload(surge, this.settings.probation(),
						(index) -> kind == Kind.LEAVE || !this.leaving.containsKey(index), this::isAwaitedIn));
	}

	private boolean isAwaitedIn(int index) {
		return active().anyMatch((rollout) -> rollout.isAwaitedIn(index));
	}

	private Rollout enqueue(Rollout rollout, long now) {
		this.queue.add(rollout);
		beginNext(now);
		return rollout;
	}

	private void beginNext(long now) {
		while (this.current == null && !this.queue.isEmpty()) {
			this.current = this.queue.remove();
			begin(this.current, now);
		}
	}

	private void begin(Rollout rollout, long now) {
		if (rollout.kind() == Kind.RELOAD) {
			rollout.begins(++this.lastGeneration);
			this.lastReload = rollout;
			this.crew.prepare(rollout, this);
		}
		else {
			WorkerHandle target = rollout.target();
			rollout.begins((target != null) ? target.generation() : this.lastGeneration);
			List<Integer> indexes = (target != null && target.isStaying()) ? List.of(target.index()) : List.of();
			apply(rollout, rollout.reload().begin(indexes, now), now);
		}
	}

	/**
	 * What a reload starts workers from is there.
	 * @param rollout the reload
	 * @param generation what its workers run
	 * @param indexes the indexes to replace
	 * @param now the time
	 */
	void prepared(Rollout rollout, Generation generation, Collection<Integer> indexes, long now) {
		rollout.generation(generation);
		apply(rollout, rollout.reload().begin(indexes, now), now);
	}

	/**
	 * A reload has nothing to start workers from.
	 * @param rollout the reload
	 * @param reason why
	 * @param now the time
	 */
	void cannotPrepare(Rollout rollout, String reason, long now) {
		rollout.reload().cannotBegin(reason);
		apply(rollout, List.of(), now);
	}

	/**
	 * End the reload or restart under way after its step, and drop what waits.
	 * @param now the time
	 * @return what is under way, or else what waited, or {@code null} if there is neither
	 */
	@Nullable Rollout abort(long now) {
		List<Rollout> aborted = new ArrayList<>();
		if (this.current != null && !this.current.reload().state().isFinal()) {
			aborted.add(this.current);
		}
		aborted.addAll(this.queue);
		this.queue.clear();
		aborted.forEach((rollout) -> apply(rollout, rollout.reload().abort(now), now));
		return aborted.isEmpty() ? null : aborted.get(0);
	}

	/**
	 * End everything, since the cluster stops.
	 * @param reason why
	 */
	void cancel(String reason) {
		active().forEach((rollout) -> {
			rollout.reload().cancel(reason);
			noteOutcome(rollout);
		});
		this.queue.clear();
		this.leaving.clear();
		this.current = null;
	}

	void ready(int index, long now) {
		forward(index, now, (reload) -> reload.ready(index, now));
	}

	/**
	 * The replacement of an index cannot be heard any more.
	 * @param index the index
	 */
	void doubted(int index) {
		active().forEach((rollout) -> rollout.reload().doubted(index));
	}

	void failed(int index, Failure failure, long now) {
		forward(index, now, (reload) -> reload.failed(index, failure, now));
	}

	void stoppedAccepting(int index, long now) {
		forward(index, now, (reload) -> reload.stoppedAccepting(index, now));
	}

	void left(int index, long now) {
		forward(index, now, (reload) -> reload.left(index, now));
	}

	/**
	 * The cluster has one more index.
	 * @param index the index
	 * @param now the time
	 */
	void added(int index, long now) {
		active().filter((rollout) -> rollout.kind() == Kind.RELOAD)
			.forEach((rollout) -> apply(rollout, rollout.reload().added(index, now), now));
	}

	/**
	 * The cluster does without an index from now on.
	 * @param index the index
	 * @param now the time
	 */
	void removed(int index, long now) {
		active().forEach((rollout) -> apply(rollout, rollout.reload().removed(index, now), now));
	}

	private void forward(int index, long now, Event event) {
		active().filter((rollout) -> rollout.reload().isReplacing(index))
			.findFirst()
			.ifPresent((rollout) -> apply(rollout, event.on(rollout.reload()), now));
	}

	void tick(long now) {
		active().forEach((rollout) -> apply(rollout, rollout.reload().tick(now), now));
		this.leaving.values().removeIf((rollout) -> rollout.reload().isOver());
		if (this.current != null && this.current.reload().isOver()) {
			this.current = null;
		}
		beginNext(now);
	}

	/**
	 * Whether nothing is under way and nothing waits.
	 * @return whether all workers are left alone
	 */
	boolean isIdle() {
		return this.current == null && this.leaving.isEmpty();
	}

	/**
	 * Whether an index is between two workers, or will be.
	 * @param index the index
	 * @return whether its worker is going to be replaced
	 */
	boolean isAbout(int index) {
		return active().anyMatch((rollout) -> rollout.reload().isAbout(index));
	}

	/**
	 * Whether a worker is going to be replaced, sooner or later.
	 * @param worker the worker
	 * @return whether something that has begun or waits replaces this worker
	 */
	boolean isAboutOrWaitsFor(WorkerHandle worker) {
		return isAbout(worker.index()) || this.queue.stream().anyMatch((rollout) -> rollout.target() == worker);
	}

	/**
	 * Tell a worker how a reload or restart ends, now or when it does.
	 * @param waiter who wants to know
	 * @param id id of the reload or restart
	 */
	void await(Waiter waiter, int id) {
		Rollout rollout = active().filter((candidate) -> candidate.id() == id).findFirst().orElse(null);
		if (rollout == null || rollout.reload().state().isFinal()) {
			answer(waiter, (rollout != null) ? rollout.describe() : this.past.get(id));
			return;
		}
		rollout.waiters().add(waiter);
	}

	/**
	 * A worker is gone, and waits for nothing any more.
	 * @param worker the worker
	 */
	void forget(WorkerHandle worker) {
		active().forEach((rollout) -> rollout.waiters().removeIf((waiter) -> waiter.worker() == worker));
	}

	/**
	 * The reload under way, or else the last one.
	 * @return its description
	 */
	ReloadDescription describe() {
		Integer waiting = this.queue.stream()
			.filter((rollout) -> rollout.kind() == Kind.RELOAD)
			.map(Rollout::id)
			.findFirst()
			.orElse(null);
		ReloadDescription reload = (this.lastReload != null) ? this.lastReload.describe()
				: ReloadDescription.none(this.lastGeneration);
		return reload.withWaiting(waiting);
	}

	private Stream<Rollout> active() {
		List<Rollout> active = new ArrayList<>(this.leaving.values());
		if (this.current != null) {
			active.add(this.current);
		}
		active.addAll(this.queue);
		return active.stream();
	}

	private void apply(Rollout rollout, List<Command> commands, long now) {
		Deque<Command> todo = new ArrayDeque<>(commands);
		while (!todo.isEmpty()) {
			Command command = todo.remove();
			int index = command.index();
			switch (command.action()) {
				case START -> this.crew.start(index, rollout);
				case DISCARD -> this.crew.discard(index);
				case RETIRE -> {
					if (!this.crew.retire(index, rollout)) {
						todo.addAll(rollout.reload().left(index, now));
					}
				}
			}
		}
		noteOutcome(rollout);
	}

	private void noteOutcome(Rollout rollout) {
		if (!rollout.noteOutcome()) {
			return;
		}
		ReloadDescription outcome = rollout.describe();
		this.past.put(rollout.id(), outcome);
		if (this.past.size() > REMEMBERED) {
			this.past.remove(this.past.keySet().iterator().next());
		}
		this.crew.over(rollout);
		rollout.waiters().forEach((waiter) -> answer(waiter, outcome));
		rollout.waiters().clear();
	}

	private static void answer(Waiter waiter, @Nullable ReloadDescription outcome) {
		waiter.worker().send(new FromPrimary.Outcome(waiter.exchange(), outcome));
	}

	@FunctionalInterface
	private interface Event {

		List<Command> on(RollingReload reload);

	}

	/**
	 * Carries out what a reload commands.
	 */
	interface Crew {

		/**
		 * Find out what the application's files are now. To be answered by
		 * {@link Rollouts#prepared} or {@link Rollouts#cannotPrepare}.
		 * @param rollout the reload that needs to know
		 * @param rollouts takes the answer, on the supervisor's thread
		 */
		void prepare(Rollout rollout, Rollouts rollouts);

		/**
		 * Start a replacement for an index.
		 * @param index the index
		 * @param rollout what for
		 */
		void start(int index, Rollout rollout);

		/**
		 * Tell the worker that has been replaced to leave.
		 * @param index the index
		 * @param rollout what for
		 * @return whether there is one
		 */
		boolean retire(int index, Rollout rollout);

		/**
		 * End the replacement of an index.
		 * @param index the index
		 */
		void discard(int index);

		/**
		 * The outcome is known.
		 * @param rollout what is over
		 */
		void over(Rollout rollout);

	}

}
