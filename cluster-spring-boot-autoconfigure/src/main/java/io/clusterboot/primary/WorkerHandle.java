package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.IntConsumer;

import io.clusterboot.launch.Build;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerLoad;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;

/**
 * The primary's view of one worker. Belongs to the supervisor's thread.
 */
final class WorkerHandle implements HandleRegistry.Peer {

	private final WorkerIdentity identity;

	private final Process process;

	private final Build build;

	private final List<OutputPump> output;

	private final OutputTail tail;

	private final double luck;

	private final Instant startedAt = Instant.now();

	private final long started;

	private volatile @Nullable Link link;

	private WorkerState state = WorkerState.STARTING;

	private long stateChanges;

	private Intent intent = Intent.KEEP;

	private @Nullable String reason;

	private long deadline;

	private @Nullable String leaveReason;

	private boolean leaving;

	private @Nullable Long linkLost;

	private @Nullable Long stopped;

	private @Nullable Instant readyAt;

	private long ready;

	private WorkerLoad load = WorkerLoad.NONE;

	/**
	 * Create a handle.
	 * @param identity who the worker is
	 * @param build what it runs
	 * @param process its process
	 * @param output what copies its output
	 * @param tail the end of its output
	 * @param luck number from 0 to 1 that makes limits differ between workers that were
	 * started together
	 * @param now the time
	 */
	WorkerHandle(WorkerIdentity identity, Build build, Process process, List<OutputPump> output, OutputTail tail,
			double luck, long now) {
		this.identity = identity;
		this.build = build;
		this.process = process;
		this.output = output;
		this.tail = tail;
		this.luck = luck;
		this.started = now;
	}

	/**
	 * What the primary means to do with a worker. Goes down this list only, except that a
	 * worker that was to be replaced can be kept: nobody has told it yet.
	 */
	enum Intent {

		/**
		 * Let it run.
		 */
		KEEP,

		/**
		 * Let it run until its replacement is ready.
		 */
		REPLACE,

		/**
		 * It has been told to drain and to exit.
		 */
		DISCONNECT,

		/**
		 * It is killed when its deadline comes.
		 */
		CONDEMN,

		/**
		 * It has been killed.
		 */
		KILL

	}

	int id() {
		return this.identity.id();
	}

	int index() {
		return this.identity.index();
	}

	int seat() {
		return this.identity.seat();
	}

	int generation() {
		return this.identity.generation();
	}

	Build build() {
		return this.build;
	}

	/**
	 * The last lines that the worker has printed.
	 * @return the lines
	 */
	List<String> outputTail() {
		return this.tail.lines();
	}

	double luck() {
		return this.luck;
	}

	long pid() {
		return this.process.pid();
	}

	Instant startedAt() {
		return this.startedAt;
	}

	@Nullable Instant readyAt() {
		return this.readyAt;
	}

	Duration age(long now) {
		return Duration.ofNanos(((this.stopped != null) ? this.stopped : now) - this.started);
	}

	Duration readyFor(long now) {
		return (this.readyAt != null) ? Duration.ofNanos(now - this.ready) : Duration.ZERO;
	}

	WorkerState state() {
		return this.state;
	}

	/**
	 * The worker has told its state.
	 * @param state the state
	 * @param now the time
	 */
	void state(WorkerState state, long now) {
		this.state = state;
		this.stateChanges++;
		if (state == WorkerState.READY && this.readyAt == null) {
			this.readyAt = Instant.now();
			this.ready = now;
		}
	}

	/**
	 * How often the worker has told a new state.
	 * @return the number
	 */
	long stateChanges() {
		return this.stateChanges;
	}

	WorkerLoad load() {
		return this.load;
	}

	void load(WorkerLoad load) {
		this.load = load;
	}

	Intent intent() {
		return this.intent;
	}

	/**
	 * Why the primary means to end this worker.
	 * @return the reason, or {@code null} while it does not
	 */
	@Nullable String reason() {
		return this.reason;
	}

	/**
	 * Change what is meant to be done with this worker, unless something harder is meant
	 * already.
	 * @param intent the new intent
	 * @param reason why
	 * @param deadline when the next harder one is due
	 * @return whether it has changed
	 */
	boolean intend(Intent intent, String reason, long deadline) {
		if (intent.compareTo(this.intent) <= 0) {
			return false;
		}
		this.intent = intent;
		this.reason = reason;
		this.deadline = deadline;
		return true;
	}

	/**
	 * Let it run after all.
	 */
	void keep() {
		if (this.intent == Intent.REPLACE) {
			this.intent = Intent.KEEP;
			this.reason = null;
		}
	}

	/**
	 * The worker asks to leave, or has to. What it asked for first counts.
	 * @param reason why
	 */
	void wantsToLeave(String reason) {
		if (this.leaveReason == null) {
			this.leaveReason = reason;
		}
	}

	/**
	 * Why the worker asks to leave.
	 * @return the reason, or {@code null} if it does not
	 */
	@Nullable String leaveReason() {
		return this.leaveReason;
	}

	boolean isDue(long now) {
		return now - this.deadline >= 0;
	}

	/**
	 * Whether this worker is there to stay, as far as is known.
	 * @return whether its index needs no other
	 */
	boolean isStaying() {
		return this.intent == Intent.KEEP && this.state != WorkerState.DRAINING;
	}

	/**
	 * The worker leaves because it was told to, or because its application was closed.
	 */
	void leaves() {
		this.leaving = true;
	}

	/**
	 * Whether its exit is no surprise, however it comes about.
	 * @return whether it leaves
	 */
	boolean isLeaving() {
		return this.leaving;
	}

	boolean isLinked() {
		return this.link != null;
	}

	void attach(Link link) {
		this.link = link;
	}

	@Override
	public boolean send(FromPrimary message, FileDescriptor... descriptors) {
		return this.link != null && this.link.send(message, descriptors);
	}

	/**
	 * What waits to be sent to the worker.
	 * @return the number of messages
	 */
	int backlog() {
		return (this.link != null) ? this.link.queued() : 0;
	}

	void linkLost(long now) {
		this.linkLost = now;
	}

	/**
	 * Whether the worker can be told something.
	 * @return whether it has a link that is not lost
	 */
	boolean isReachable() {
		return isLinked() && this.linkLost == null;
	}

	/**
	 * Whether the link has been gone for long enough that the process should have exited,
	 * had that been the cause. The two are seen in either order.
	 * @param grace how long that is
	 * @param now the time
	 * @return whether it has lost its link while it is alive
	 */
	boolean isOrphaned(Duration grace, long now) {
		return this.linkLost != null && now - this.linkLost > grace.toNanos() && this.process.isAlive();
	}

	/**
	 * Have the exit of the process reported, after all that it printed has been copied
	 * and all that it said has been received.
	 * @param output longest time to wait for either
	 * @param handler gets the exit code
	 */
	void onExit(Duration output, IntConsumer handler) {
		Thread thread = new Thread(() -> {
			try {
				int code = this.process.waitFor();
				this.output.forEach((pump) -> pump.await(output));
				Link last = this.link;
				if (last != null) {
					last.awaitEnd(output);
				}
				handler.accept(code);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}, "cluster-wait-" + this.identity.name());
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Ask the process to exit, for one that has no link yet.
	 */
	void terminate() {
		this.process.destroy();
	}

	void kill() {
		this.process.destroyForcibly();
	}

	void exited(long now) {
		this.state = WorkerState.STOPPED;
		this.stopped = now;
		if (this.link != null) {
			this.link.close();
		}
	}

	@Override
	public String toString() {
		return "%s (index %d, pid %d)".formatted(this.identity.name(), index(), pid());
	}

}
