package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;

import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.ReloadDescription.State;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the workers of some indexes: for each starts a replacement, lets it settle,
 * tells the old worker to leave, and goes on with the next. Pure: it is told what happens
 * and when, and answers with what to do.
 * <p>
 * It ends in one of these ways:
 * <ul>
 * <li>{@code DONE}: every index has been replaced, and the old workers accept nothing any
 * more.
 * <li>{@code FAILED}: a replacement exited, was not ready in time, or did not stay ready.
 * It and those beside it are discarded; indexes that were replaced stay so.
 * <li>{@code FAILED} before it began: there is nothing to start workers from.
 * <li>{@code ABORTED} after the step under way, if it was told to and something was left
 * to do.
 * <li>{@code ABORTED} at once, when the cluster stops.
 * </ul>
 * An index that the cluster gives up is one less to do.
 */
final class RollingReload {

	private final int surge;

	private final Duration probation;

	private final IntPredicate free;

	private final IntPredicate awaited;

	private final TreeSet<Integer> remaining = new TreeSet<>();

	private final TreeMap<Integer, Step> steps = new TreeMap<>();

	private State state = State.WAITING;

	private boolean aborting;

	private int of;

	private @Nullable Failure failure;

	/**
	 * Create a reload, which does nothing before it {@link #begin begins}.
	 * @param surge number of indexes that are replaced at the same time
	 * @param probation time for which a replacement has to stay ready
	 * @param free tells whether an index can be replaced now; one that cannot has its
	 * turn later
	 * @param awaited tells whether somebody waits for an outcome in the worker of an
	 * index and keeps that worker from leaving; its turn comes last, and nothing waits
	 * for it to be gone
	 */
	RollingReload(int surge, Duration probation, IntPredicate free, IntPredicate awaited) {
		this.surge = surge;
		this.probation = probation;
		this.free = free;
		this.awaited = awaited;
	}

	/**
	 * Where an index is on its way from one worker to the next.
	 */
	enum Phase {

		/**
		 * The replacement starts.
		 */
		STARTING,

		/**
		 * The replacement is ready and has to stay so for a while.
		 */
		SETTLING,

		/**
		 * The old worker has been told to leave.
		 */
		RETIRING,

		/**
		 * The old worker accepts nothing any more and finishes what it has.
		 */
		LINGERING

	}

	/**
	 * What to do for an index.
	 *
	 * @param action what
	 * @param index the index
	 */
	record Command(Action action, int index) {
	}

	/**
	 * What can be done for an index.
	 */
	enum Action {

		/**
		 * Start a replacement beside the worker.
		 */
		START,

		/**
		 * Tell the worker to leave: the replacement takes its place.
		 */
		RETIRE,

		/**
		 * End the replacement: the worker stays.
		 */
		DISCARD

	}

	State state() {
		return this.state;
	}

	@Nullable Failure failure() {
		return this.failure;
	}

	int of() {
		return this.of;
	}

	/**
	 * The number of indexes that have been replaced or are being replaced.
	 * @return the number
	 */
	int step() {
		return this.of - this.remaining.size();
	}

	/**
	 * Whether an index is between two workers.
	 * @param index the index
	 * @return whether it is
	 */
	boolean isReplacing(int index) {
		return this.steps.containsKey(index);
	}

	/**
	 * Whether an index will have its turn.
	 * @param index the index
	 * @return whether it will
	 */
	boolean isAbout(int index) {
		return isReplacing(index) || this.state == State.ROLLING && !this.aborting && this.remaining.contains(index);
	}

	/**
	 * Whether nothing is left to do, not even to wait for old workers.
	 * @return whether it is over
	 */
	boolean isOver() {
		return this.state.isFinal() && occupied() == 0;
	}

	List<Command> begin(Collection<Integer> indexes, long now) {
		if (this.state.isFinal()) {
			return List.of();
		}
		this.remaining.addAll(indexes);
		this.of = this.remaining.size();
		this.state = State.ROLLING;
		return advance(now);
	}

	/**
	 * There is nothing to start workers from.
	 * @param reason why
	 */
	void cannotBegin(String reason) {
		if (!this.state.isFinal()) {
			finish(State.FAILED, Failure.of(reason));
		}
	}

	/**
	 * The replacement of an index is ready.
	 * @param index the index
	 * @param now the time
	 * @return what to do
	 */
	List<Command> ready(int index, long now) {
		Step step = this.steps.get(index);
		if (step != null && step.phase == Phase.STARTING) {
			step.phase = Phase.SETTLING;
			step.since = now;
		}
		return advance(now);
	}

	/**
	 * The replacement of an index cannot be heard any more. Its probation does not go on;
	 * whether it exits or is given up is about to be known.
	 * @param index the index
	 */
	void doubted(int index) {
		Step step = this.steps.get(index);
		if (step != null && step.phase == Phase.SETTLING) {
			step.phase = Phase.STARTING;
		}
	}

	/**
	 * The replacement of an index has exited, or is not ready any more.
	 * @param index the index
	 * @param cause what happened
	 * @param now the time
	 * @return what to do
	 */
	List<Command> failed(int index, Failure cause, long now) {
		Step step = this.steps.get(index);
		if (step == null || step.isSettled()) {
			return advance(now);
		}
		List<Command> commands = new ArrayList<>(discardUnsettled());
		if (!this.state.isFinal()) {
			finish(State.FAILED, cause);
		}
		commands.addAll(advance(now));
		return commands;
	}

	/**
	 * The old worker of an index accepts nothing any more.
	 * @param index the index
	 * @param now the time
	 * @return what to do
	 */
	List<Command> stoppedAccepting(int index, long now) {
		Step step = this.steps.get(index);
		if (step != null && step.phase == Phase.RETIRING) {
			step.phase = Phase.LINGERING;
		}
		return advance(now);
	}

	/**
	 * The old worker of an index is gone.
	 * @param index the index
	 * @param now the time
	 * @return what to do
	 */
	List<Command> left(int index, long now) {
		Step step = this.steps.get(index);
		if (step != null && step.isSettled()) {
			this.steps.remove(index);
		}
		return advance(now);
	}

	/**
	 * The cluster has one more index, whose worker runs what is about to be replaced.
	 * @param index the index
	 * @param now the time
	 * @return what to do
	 */
	List<Command> added(int index, long now) {
		if (this.state == State.ROLLING && this.remaining.add(index)) {
			this.of++;
		}
		return advance(now);
	}

	/**
	 * The cluster does without an index from now on.
	 * @param index the index
	 * @param now the time
	 * @return what to do
	 */
	List<Command> removed(int index, long now) {
		this.steps.remove(index);
		if (this.remaining.remove(index)) {
			this.of--;
		}
		return advance(now);
	}

	/**
	 * End after the step under way.
	 * @param now the time
	 * @return what to do
	 */
	List<Command> abort(long now) {
		if (this.state == State.WAITING) {
			finish(State.ABORTED, Failure.of("It was aborted before it began"));
		}
		this.aborting = true;
		return advance(now);
	}

	/**
	 * End at once, since the cluster stops.
	 * @param reason why
	 */
	void cancel(String reason) {
		if (!this.state.isFinal()) {
			finish(State.ABORTED, Failure.of(reason));
		}
	}

	/**
	 * Time has passed.
	 * @param now the time
	 * @return what to do
	 */
	List<Command> tick(long now) {
		return advance(now);
	}

	private List<Command> advance(long now) {
		List<Command> commands = new ArrayList<>();
		this.steps.forEach((index, step) -> {
			if (step.phase == Phase.SETTLING && now - step.since >= this.probation.toNanos()) {
				step.phase = Phase.RETIRING;
				commands.add(new Command(Action.RETIRE, index));
			}
		});
		for (int index : next()) {
			this.remaining.remove(index);
			this.steps.put(index, new Step());
			commands.add(new Command(Action.START, index));
		}
		if (this.state == State.ROLLING && this.steps.values().stream().allMatch(Step::isOut)) {
			if (this.remaining.isEmpty()) {
				finish(State.DONE, null);
			}
			else if (this.aborting) {
				finish(State.ABORTED, Failure.of("It was aborted after %d of %d indexes".formatted(step(), this.of)));
			}
		}
		return commands;
	}

	private List<Integer> next() {
		if (this.state != State.ROLLING || this.aborting) {
			return List.of();
		}
		return this.remaining.stream()
			.filter(this.free::test)
			.sorted(Comparator.comparing(this.awaited::test))
			.limit(Math.max(0, this.surge - occupied()))
			.toList();
	}

	private long occupied() {
		return this.steps.entrySet()
			.stream()
			.filter((entry) -> !entry.getValue().isOut() || !this.awaited.test(entry.getKey()))
			.count();
	}

	private List<Command> discardUnsettled() {
		List<Integer> unsettled = this.steps.entrySet()
			.stream()
			.filter((step) -> !step.getValue().isSettled())
			.map(Map.Entry::getKey)
			.toList();
		this.steps.keySet().removeAll(unsettled);
		return unsettled.stream().map((index) -> new Command(Action.DISCARD, index)).toList();
	}

	private void finish(State outcome, @Nullable Failure cause) {
		this.state = outcome;
		this.failure = cause;
	}

	private static final class Step {

		private Phase phase = Phase.STARTING;

		private long since;

		private boolean isSettled() {
			return this.phase.compareTo(Phase.RETIRING) >= 0;
		}

		private boolean isOut() {
			return this.phase == Phase.LINGERING;
		}

	}

}
