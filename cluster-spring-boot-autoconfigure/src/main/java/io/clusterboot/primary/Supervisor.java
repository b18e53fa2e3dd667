package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.primary.WorkerHandle.Intent;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.ClusterDescription.PrimaryDescription;
import io.clusterboot.protocol.ClusterDescription.WorkerDescription;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.WorkerState;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocket;

/**
 * The primary's loop. Signals, exits, connections and messages are events of one queue;
 * after each, and at least every tick, the loop compares the workers there are with those
 * there should be. All state belongs to the thread that calls {@link #run()}.
 */
final class Supervisor implements LinkServer.Admission {

	private static final Log logger = LogFactory.getLog(Supervisor.class);

	private static final Duration TICK = Duration.ofMillis(100);

	/** Time without a tick from which on the primary has been suspended or starved. */
	private static final Duration STALL = TICK.multipliedBy(5);

	/** Time that a JVM gets to print its threads before it is killed. */
	private static final Duration THREAD_DUMP = Duration.ofSeconds(2);

	/** Time that the rest of an exited worker's output gets to arrive. */
	private static final Duration OUTPUT = Duration.ofSeconds(2);

	/**
	 * Time within which a worker that has closed its link because it exits has exited.
	 */
	private static final Duration LINK_LOSS = Duration.ofSeconds(1);

	private final ClusterProperties properties;

	private final WorkerSpawner spawner;

	private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();

	private final HandleRegistry handles = new HandleRegistry();

	private final List<Slot> slots;

	private final StartPlan startPlan;

	private final RestartPolicy restartPolicy;

	private final Heartbeats heartbeats;

	private final Instant startedAt = Instant.now();

	private final SupervisorClock clock = new SupervisorClock(System::nanoTime, STALL);

	private final long started = this.clock.now();

	private Phase phase = Phase.STARTING;

	private boolean anyReady;

	private int exitCode;

	Supervisor(ClusterProperties properties, int workers, WorkerSpawner spawner) {
		this.properties = properties;
		this.spawner = spawner;
		this.slots = IntStream.range(0, workers).mapToObj((index) -> new Slot(index, this.started)).toList();
		this.startPlan = new StartPlan(properties.startup().parallelism());
		this.restartPolicy = new RestartPolicy(properties.restart(), () -> ThreadLocalRandom.current().nextDouble());
		this.heartbeats = new Heartbeats(properties.heartbeat());
	}

	/**
	 * Where the cluster is in its life.
	 */
	private enum Phase {

		/**
		 * No worker has ever been ready: a worker that fails ends the cluster.
		 */
		STARTING,

		/**
		 * Workers that fail are replaced.
		 */
		RUNNING,

		/**
		 * Workers have been told to leave; none is started.
		 */
		STOPPING,

		/**
		 * The loop ends.
		 */
		STOPPED

	}

	/**
	 * Supervise until the cluster has stopped.
	 * @return the exit code for this process
	 */
	int run() {
		try {
			while (this.phase != Phase.STOPPED) {
				awaitEvents();
				guard(this::tick);
			}
			return this.exitCode;
		}
		finally {
			this.handles.close();
		}
	}

	/**
	 * Stop the cluster. May be called from any thread; only the first call has an effect.
	 * @param reason why, for the log
	 * @param exitCode exit code for this process
	 */
	void stop(String reason, int exitCode) {
		post(() -> stopping(reason, exitCode));
	}

	@Override
	public void offer(AFUNIXSocket socket, long pid) {
		post(() -> connected(socket, pid));
	}

	private void post(Runnable event) {
		this.events.add(event);
	}

	private void awaitEvents() {
		try {
			Runnable event = this.events.poll(TICK.toMillis(), TimeUnit.MILLISECONDS);
			this.clock.look();
			while (event != null) {
				guard(event);
				event = this.events.poll();
			}
		}
		catch (InterruptedException ex) {
			stopping("Interrupted", 1);
		}
	}

	/**
	 * A defect in one event must not take the service down.
	 */
	private void guard(Runnable step) {
		try {
			step.run();
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
			logger.error("The primary failed to handle an event; it goes on supervising", ex);
		}
	}

	private void tick() {
		long now = this.clock.now();
		workers().forEach((worker) -> check(worker, now));
		announceAvailability();
		switch (this.phase) {
			case STARTING -> {
				// The first worker starts alone, and its failure is final.
				if (isEmpty()) {
					startMissing(now);
				}
			}
			case RUNNING -> startMissing(now);
			case STOPPING -> {
				if (isEmpty()) {
					this.phase = Phase.STOPPED;
				}
			}
			case STOPPED -> {
			}
		}
	}

	private boolean isEmpty() {
		return workers().findAny().isEmpty();
	}

	private void startMissing(long now) {
		List<StartPlan.Candidate> candidates = this.slots.stream().map(Slot::candidate).toList();
		this.startPlan.next(candidates, this.phase == Phase.RUNNING, now).forEach(this::fork);
	}

	private void announceAvailability() {
		boolean nowReady = workers().anyMatch((worker) -> worker.state() == WorkerState.READY);
		if (nowReady != this.anyReady) {
			this.anyReady = nowReady;
			workers().forEach((worker) -> worker.send(new FromPrimary.Availability(nowReady)));
		}
	}

	private void check(WorkerHandle worker, long now) {
		switch (worker.intent()) {
			case KEEP -> checkHealth(worker, now);
			case REPLACE -> {
				checkHealth(worker, now);
				if (this.slots.get(worker.index()).hasReadySuccessor()) {
					disconnect(worker, worker.reason(), Duration.ZERO, false);
				}
			}
			case DISCONNECT -> {
				if (worker.isDue(now)) {
					kill(worker, "did not exit within " + seconds(this.properties.shutdown().timeout()));
				}
			}
			case CONDEMN -> {
				if (worker.isDue(now)) {
					kill(worker, worker.reason());
				}
			}
			case KILL -> {
			}
		}
	}

	private void checkHealth(WorkerHandle worker, long now) {
		Duration startup = this.properties.startup().timeout();
		if (worker.state() == WorkerState.STARTING && worker.age(now).compareTo(startup) > 0) {
			condemn(worker, "did not become ready within " + seconds(startup), now);
		}
		else if (worker.isOrphaned(LINK_LOSS, now)) {
			awaitExit(worker, "has lost its link to the primary", now);
		}
		else if (this.heartbeats.isOverdue(worker.id(), now)) {
			condemn(worker, "sent no heartbeat for " + seconds(this.heartbeats.timeout()), now);
		}
	}

	private void linkLost(WorkerHandle worker) {
		worker.linkLost(this.clock.now());
		this.heartbeats.forget(worker.id());
	}

	private void condemn(WorkerHandle worker, String reason, long now) {
		if (worker.intend(Intent.CONDEMN, reason, now + THREAD_DUMP.toNanos())) {
			logger.warn("%s %s: asking for a thread dump, then killing it".formatted(worker, reason));
			ThreadDump.request(worker.pid());
		}
	}

	private void kill(WorkerHandle worker, @Nullable String reason) {
		if (worker.intend(Intent.KILL, String.valueOf(reason), 0)) {
			logger.warn("%s %s: killed".formatted(worker, reason));
			worker.kill();
		}
	}

	private void disconnect(WorkerHandle worker, @Nullable String reason, Duration delay, boolean last) {
		Duration limit = delay.plus(this.properties.shutdown().timeout());
		if (!worker.intend(Intent.DISCONNECT, String.valueOf(reason), this.clock.now() + limit.toNanos())) {
			return;
		}
		worker.leaves();
		if (!worker.send(new FromPrimary.Disconnect(delay, last))) {
			worker.terminate();
		}
	}

	/**
	 * A worker leaves without having been told to. It has the same time for it.
	 */
	private void awaitExit(WorkerHandle worker, String reason, long now) {
		worker.intend(Intent.DISCONNECT, reason, now + this.properties.shutdown().timeout().toNanos());
	}

	private void replace(WorkerHandle worker, String reason) {
		if (worker.intend(Intent.REPLACE, reason, 0)) {
			logger.info("%s %s: it leaves as soon as its replacement is ready".formatted(worker, reason));
		}
	}

	private void fork(int index) {
		Slot slot = this.slots.get(index);
		try {
			WorkerHandle worker = this.spawner.spawn(index, workers().map(WorkerHandle::seat).toList(),
					this.clock.now());
			slot.started(worker);
			worker.onExit(OUTPUT, (code) -> post(() -> exited(worker, code)));
			logger.info("%s started".formatted(worker));
		}
		catch (IOException | RuntimeException ex) {
			logger.error("A worker for index %d cannot be started: %s".formatted(index, ex.getMessage()), ex);
			if (this.phase == Phase.STARTING) {
				finish(1);
			}
			else {
				slot.backOff(this.restartPolicy, this.clock.now());
			}
		}
	}

	private void exited(WorkerHandle worker, int code) {
		long now = this.clock.now();
		ExitStatus status = new ExitStatus(code);
		worker.exited(now);
		this.handles.forget(worker);
		this.heartbeats.forget(worker.id());
		String reason = (worker.reason() != null) ? worker.reason() : status.toString();
		ExitDescription exit = new ExitDescription(code, status.signal(), reason, Instant.now());
		Slot slot = this.slots.get(worker.index());
		String event = "%s exited after %s".formatted(worker, seconds(worker.age(now)));
		if (this.phase == Phase.STARTING && !worker.isLeaving()) {
			logger.error("%s, %s: no worker has been ready yet, so the cluster ends".formatted(event,
					describe(status, worker)));
			slot.left(worker, exit);
			finish(code);
		}
		else if (worker.isLeaving() || this.phase == Phase.STOPPING) {
			logger.info("%s, %s".formatted(event, describe(status, worker)));
			slot.left(worker, exit);
		}
		else {
			Duration delay = slot.failed(worker, exit, this.restartPolicy, now);
			logger.warn("%s, %s: replaced %s".formatted(event, describe(status, worker),
					delay.isZero() ? "at once" : "in " + seconds(delay)));
		}
	}

	private static String describe(ExitStatus status, WorkerHandle worker) {
		return (worker.reason() != null) ? "%s (%s)".formatted(status, worker.reason()) : status.toString();
	}

	private void finish(int exitCode) {
		this.exitCode = exitCode;
		this.phase = Phase.STOPPING;
		workers().forEach(WorkerHandle::kill);
	}

	private void stopping(String reason, int exitCode) {
		if (this.phase == Phase.STOPPING || this.phase == Phase.STOPPED) {
			return;
		}
		this.phase = Phase.STOPPING;
		this.exitCode = exitCode;
		Duration delay = this.properties.shutdown().preStopDelay();
		logger.info("%s: %d workers drain and exit%s, within %s".formatted(reason, workers().count(),
				delay.isZero() ? "" : " after serving for another " + seconds(delay),
				seconds(this.properties.shutdown().timeout())));
		workers().forEach((worker) -> disconnect(worker, "the cluster stops", delay, true));
		// While the primary holds a copy, clients would wait in a queue that nobody
		// serves
		// any more instead of being refused.
		this.handles.close();
	}

	private void connected(AFUNIXSocket socket, long pid) {
		Optional<WorkerHandle> child = workers().filter((worker) -> worker.pid() == pid && !worker.isLinked())
			.findAny();
		if (child.isEmpty()) {
			logger.error("A connection to the cluster's socket was refused: process %d is no worker that has none"
				.formatted(pid));
			close(socket);
			return;
		}
		WorkerHandle worker = child.get();
		Link link = new Link("worker-" + worker.id(), socket, new Receiver(worker));
		worker.attach(link);
		this.heartbeats.heard(worker.id(), this.clock.now());
		link.start();
		worker.send(new FromPrimary.Availability(this.anyReady));
	}

	private static void close(AFUNIXSocket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			logger.debug("Cannot close a refused connection", ex);
		}
	}

	private void received(WorkerHandle worker, Message message, List<FileDescriptor> descriptors) {
		if (worker.state() != WorkerState.STOPPED) {
			this.heartbeats.heard(worker.id(), this.clock.now());
		}
		if (message instanceof FromWorker.Heartbeat heartbeat) {
			worker.load(heartbeat.load());
		}
		else if (message instanceof FromWorker.StateChanged change) {
			stateChanged(worker, change.state());
		}
		else if (message instanceof FromWorker.Listen request) {
			this.handles.listen(worker, request);
		}
		else if (message instanceof FromWorker.Bound bound && descriptors.size() == 1) {
			this.handles.bound(bound, descriptors.get(0));
			return;
		}
		else if (message instanceof FromWorker.BindFailed failed) {
			this.handles.bindFailed(worker, failed.address());
		}
		else if (message instanceof FromWorker.Describe request) {
			worker.send(new FromPrimary.Described(request.exchange(), describe()));
		}
		else if (message instanceof FromWorker.LeaveRequested request) {
			worker.send(new FromPrimary.Granted(request.exchange()));
			replace(worker, String.valueOf(request.reason()));
		}
		else if (message instanceof FromWorker.RequestStuck stuck) {
			replace(worker, "has a request that is stuck for " + seconds(stuck.age()));
		}
		descriptors.forEach(Descriptors::close);
	}

	private void stateChanged(WorkerHandle worker, WorkerState state) {
		WorkerState before = worker.state();
		if (before == WorkerState.STOPPED) {
			return;
		}
		long now = this.clock.now();
		worker.state(state, now);
		switch (state) {
			case READY -> {
				logger.info((before == WorkerState.STARTING)
						? "%s is ready after %s".formatted(worker, seconds(worker.age(now)))
						: "%s accepts traffic again".formatted(worker));
				if (this.phase == Phase.STARTING) {
					this.phase = Phase.RUNNING;
				}
			}
			case REFUSING -> logger.warn("%s refuses traffic".formatted(worker));
			case DRAINING -> {
				logger.info("%s drains".formatted(worker));
				worker.leaves();
				awaitExit(worker, "its application was closed", now);
			}
			default -> {
			}
		}
	}

	private ClusterDescription describe() {
		long now = this.clock.now();
		List<WorkerDescription> workers = this.slots.stream()
			.flatMap((slot) -> slot.described().stream().map((worker) -> describe(slot, worker, now)))
			.sorted(Comparator.comparingInt(WorkerDescription::index).thenComparingInt(WorkerDescription::id))
			.toList();
		int ready = (int) workers.stream().filter((worker) -> worker.state() == WorkerState.READY).count();
		PrimaryDescription primary = new PrimaryDescription(ProcessHandle.current().pid(), this.startedAt,
				Duration.ofNanos(now - this.started));
		return new ClusterDescription(primary, this.slots.size(), ready, this.handles.listeners(), workers);
	}

	private static WorkerDescription describe(Slot slot, WorkerHandle worker, long now) {
		return new WorkerDescription(worker.id(), worker.index(), worker.pid(), worker.state(), worker.generation(),
				worker.startedAt(), worker.readyAt(), worker.age(now), slot.restarts(), slot.lastExit(), worker.load());
	}

	private Stream<WorkerHandle> workers() {
		return this.slots.stream().flatMap((slot) -> List.copyOf(slot.workers()).stream());
	}

	private static String seconds(Duration duration) {
		return "%.1f s".formatted(duration.toMillis() / 1000.0);
	}

	private final class Receiver implements Link.Receiver {

		private final WorkerHandle worker;

		private Receiver(WorkerHandle worker) {
			this.worker = worker;
		}

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
			post(() -> Supervisor.this.received(this.worker, message, descriptors));
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
			post(() -> linkLost(this.worker));
		}

	}

}
