package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.launch.Build;
import io.clusterboot.os.ServiceManager;
import io.clusterboot.primary.Rollout.Waiter;
import io.clusterboot.primary.WorkerHandle.Intent;
import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.ClusterDescription.PrimaryDescription;
import io.clusterboot.protocol.ClusterDescription.WorkerDescription;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.Refusal;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.WorkerState;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocket;

import org.springframework.util.Assert;

/**
 * The primary's loop. Signals, exits, connections and messages are events of one queue;
 * after each, and at least every tick, the loop compares the workers there are with those
 * there should be. All state belongs to the thread that calls {@link #run()}.
 */
final class Supervisor implements LinkServer.Admission, ClusterSignals.Commands {

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

	private final BuildSource builds;

	private final NavigableMap<Integer, Slot> slots = new TreeMap<>();

	private final StartPlan startPlan;

	private final RestartPolicy restartPolicy;

	private final RecyclePolicy recyclePolicy;

	private final Heartbeats heartbeats;

	private final ServiceReport serviceReport = new ServiceReport(ServiceManager.ofThisProcess());

	private final Rollouts rollouts;

	private final Instant startedAt = Instant.now();

	private final SupervisorClock clock = new SupervisorClock(System::nanoTime, STALL);

	private final long started = this.clock.now();

	private Generation generation;

	private int configuredWorkers;

	private Phase phase = Phase.STARTING;

	private boolean anyReady;

	private int exitCode;

	Supervisor(ClusterProperties properties, WorkerSpawner spawner, BuildSource builds, Build first) {
		this.properties = properties;
		this.spawner = spawner;
		this.builds = builds;
		this.generation = new Generation(0, first);
		this.startPlan = new StartPlan(properties.startup().parallelism());
		this.restartPolicy = new RestartPolicy(properties.restart(), () -> ThreadLocalRandom.current().nextDouble());
		this.recyclePolicy = new RecyclePolicy(properties.recycle());
		this.heartbeats = new Heartbeats(properties.heartbeat());
		this.rollouts = new Rollouts(properties.reload(), new Crew());
		resize(properties.workers().resolve(), this.started);
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

	@Override
	public void stop(String reason, int exitCode) {
		post(() -> stopping(reason, exitCode));
	}

	@Override
	public void reload(String trigger) {
		post(() -> logRefusal(trigger, () -> reloadAll(trigger)));
	}

	@Override
	public void scaleBy(int difference, String trigger) {
		post(() -> logRefusal(trigger, () -> scale(this.configuredWorkers + difference)));
	}

	private void logRefusal(String trigger, Runnable command) {
		try {
			command.run();
		}
		catch (RefusedException ex) {
			logger.warn("%s: %s".formatted(trigger, ex.getMessage()));
		}
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
		this.serviceReport.tick(readyWorkers(), this.configuredWorkers, now);
		switch (this.phase) {
			case STARTING -> {
				// The first worker starts alone, and its failure is final.
				if (isEmpty()) {
					startMissing(now);
				}
			}
			case RUNNING -> {
				replaceLeaving(now);
				recycle(now);
				this.rollouts.tick(now);
				startMissing(now);
			}
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
		List<StartPlan.Candidate> candidates = this.slots.values().stream().map(Slot::candidate).toList();
		this.startPlan.next(candidates, this.phase == Phase.RUNNING, now).forEach(this::fork);
	}

	/**
	 * A reload that is about to replace a worker anyway need not be told.
	 */
	private void replaceLeaving(long now) {
		for (Slot slot : List.copyOf(this.slots.values())) {
			for (WorkerHandle worker : slot.workers()) {
				String reason = worker.leaveReason();
				if (reason != null && worker.isStaying() && slot.mayStart(now)
						&& !this.rollouts.isAbout(slot.index())) {
					logger.info(
							"%s %s: it leaves as soon as its replacement has proved itself".formatted(worker, reason));
					this.rollouts.leave(worker, reason, now);
				}
			}
		}
	}

	/**
	 * Workers that reach a limit as soon as they have started must not keep the cluster
	 * busy with nothing else.
	 */
	private void recycle(long now) {
		if (!this.rollouts.isIdle()) {
			return;
		}
		workers().filter((worker) -> worker.isStaying() && worker.state() == WorkerState.READY)
			.filter((worker) -> this.restartPolicy.isStable(worker.readyFor(now)) && slot(worker).mayStart(now))
			.forEach((worker) -> {
				String limit = this.recyclePolicy.limitReached(worker.load(), worker.age(now), worker.luck());
				if (limit != null && this.rollouts.isIdle()) {
					logger.info("%s %s: it is replaced".formatted(worker, limit));
					this.rollouts.recycle(worker, limit, now);
				}
			});
	}

	private Slot slot(WorkerHandle worker) {
		Slot slot = this.slots.get(worker.index());
		Assert.state(slot != null, "An index lives as long as its workers");
		return slot;
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
			case KEEP, REPLACE -> checkHealth(worker, now);
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

	private void fork(int index) {
		Slot slot = this.slots.get(index);
		if (slot == null) {
			return;
		}
		long now = this.clock.now();
		try {
			WorkerHandle worker = this.spawner.spawn(index, slot.nextGeneration(),
					workers().map(WorkerHandle::seat).toList(), this.configuredWorkers, now);
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
				slot.backOff(this.restartPolicy, now);
				this.rollouts.failed(index, Failure.of("No process can be started: " + ex.getMessage()), now);
			}
		}
	}

	private void exited(WorkerHandle worker, int code) {
		long now = this.clock.now();
		ExitStatus status = new ExitStatus(code);
		worker.exited(now);
		String reason = (worker.reason() != null) ? worker.reason() : status.toString();
		ExitDescription exit = new ExitDescription(code, status.signal(), reason, Instant.now());
		Slot slot = slot(worker);
		String event = "%s exited after %s".formatted(worker, seconds(worker.age(now)));
		if (this.phase == Phase.STARTING && !worker.isLeaving()) {
			logger.error("%s, %s: no worker has been ready yet, so the cluster ends".formatted(event,
					describe(status, worker)));
			slot.left(worker, exit);
			finish(code);
			return;
		}
		boolean replacement = slot.isReplacement(worker);
		if (replacement || worker.isLeaving() || this.phase == Phase.STOPPING || !slot.isWanted()) {
			logger.info("%s, %s".formatted(event, describe(status, worker)));
			slot.left(worker, exit);
		}
		else {
			Duration delay = slot.failed(worker, exit, this.restartPolicy, now);
			logger.warn("%s, %s: replaced %s".formatted(event, describe(status, worker),
					delay.isZero() ? "at once" : "in " + seconds(delay)));
		}
		forget(worker, slot, replacement, now,
				() -> new Failure("%s exited: %s".formatted(worker, describe(status, worker)), worker.id(),
						worker.index(), code, worker.outputTail()));
	}

	/**
	 * Completes whatever waited for a worker that is gone.
	 */
	private void forget(WorkerHandle worker, Slot slot, boolean replacement, long now, Supplier<Failure> failure) {
		this.handles.forget(worker);
		this.heartbeats.forget(worker.id());
		this.rollouts.forget(worker);
		if (replacement) {
			this.rollouts.failed(slot.index(), failure.get(), now);
		}
		else if (slot.workers().stream().allMatch(WorkerHandle::isStaying)) {
			this.rollouts.left(slot.index(), now);
		}
		if (!slot.isWanted() && slot.workers().isEmpty()) {
			this.slots.remove(slot.index());
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
		this.rollouts.cancel("The cluster stops");
		this.serviceReport.stopping(reason);
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
			leaveRequested(worker, String.valueOf(request.reason()));
		}
		else if (message instanceof FromWorker.RequestStuck stuck) {
			leaveRequested(worker, "has a request that is stuck for " + seconds(stuck.age()));
		}
		else if (message instanceof FromWorker.StoppedAccepting) {
			this.rollouts.stoppedAccepting(worker.index(), this.clock.now());
		}
		else if (message instanceof FromWorker.Command request) {
			worker.send(answer(request.exchange(), request.command()));
		}
		else if (message instanceof FromWorker.AwaitOutcome request) {
			this.rollouts.await(new Waiter(worker, request.exchange()), request.reload());
		}
		descriptors.forEach(Descriptors::close);
	}

	private void leaveRequested(WorkerHandle worker, String reason) {
		worker.wantsToLeave(reason);
		if (slot(worker).isReplacement(worker)) {
			notReady(worker, reason);
		}
	}

	/**
	 * A replacement does not stay ready. Nothing happens to any other worker.
	 */
	private void notReady(WorkerHandle worker, String reason) {
		if (slot(worker).isReplacement(worker)) {
			this.rollouts.failed(worker.index(), new Failure("%s %s".formatted(worker, reason), worker.id(),
					worker.index(), null, worker.outputTail()), this.clock.now());
		}
	}

	private FromPrimary answer(long exchange, ClusterCommand command) {
		try {
			ReloadDescription reload = execute(command);
			return new FromPrimary.Accepted(exchange, reload, this.configuredWorkers);
		}
		catch (RefusedException ex) {
			return new FromPrimary.Refused(exchange, ex.refusal(), String.valueOf(ex.getMessage()));
		}
	}

	private @Nullable ReloadDescription execute(ClusterCommand command) {
		if (command instanceof ClusterCommand.Reload reload) {
			return reloadAll(reload.trigger()).describe();
		}
		if (command instanceof ClusterCommand.Restart restart) {
			return restart(restart.id(), restart.trigger()).describe();
		}
		if (command instanceof ClusterCommand.Abort) {
			return abort().describe();
		}
		if (command instanceof ClusterCommand.Scale scale) {
			scale(scale.workers());
		}
		return null;
	}

	private void requireRunning() {
		if (this.phase != Phase.RUNNING) {
			throw new RefusedException(Refusal.UNAVAILABLE, (this.phase == Phase.STARTING)
					? "The cluster starts: no worker has been ready yet" : "The cluster stops");
		}
	}

	private Rollout reloadAll(String trigger) {
		requireRunning();
		return this.rollouts.reload(trigger, this.clock.now());
	}

	private Rollout restart(int id, String trigger) {
		requireRunning();
		WorkerHandle worker = workers().filter((candidate) -> candidate.id() == id)
			.findAny()
			.orElseThrow(() -> new RefusedException(Refusal.UNKNOWN_WORKER, "There is no worker with the id " + id));
		if (!worker.isStaying() || this.rollouts.isAbout(worker.index())) {
			throw new RefusedException(Refusal.CONFLICT, worker + " leaves or is about to be replaced already");
		}
		return this.rollouts.restart(worker, trigger, this.clock.now());
	}

	private Rollout abort() {
		Rollout aborted = this.rollouts.abort(this.clock.now());
		if (aborted == null) {
			throw new RefusedException(Refusal.CONFLICT, "No reload or restart is under way");
		}
		logger.info("%s ends after its current step".formatted(aborted));
		return aborted;
	}

	private void scale(int workers) {
		requireRunning();
		int most = this.properties.mostWorkers();
		if (workers < 1 || workers > most) {
			throw new RefusedException(Refusal.OUT_OF_RANGE,
					"The number of workers has to be from 1 to %d (cluster.max-workers), but is %d".formatted(most,
							workers));
		}
		if (workers != this.configuredWorkers) {
			logger.info("From %d to %d workers".formatted(this.configuredWorkers, workers));
			resize(workers, this.clock.now());
		}
	}

	private void resize(int workers, long now) {
		this.configuredWorkers = workers;
		for (int index = 0; index < workers; index++) {
			Slot slot = this.slots.get(index);
			if (slot == null) {
				this.slots.put(index, new Slot(index, this.generation, now));
				this.rollouts.added(index, now);
			}
			else if (!slot.isWanted()) {
				slot.takeBack(this.generation);
				this.rollouts.added(index, now);
			}
		}
		for (Slot surplus : List.copyOf(this.slots.tailMap(workers, true).values())) {
			surplus.giveUp();
			this.rollouts.removed(surplus.index(), now);
			surplus.workers()
				.forEach((worker) -> disconnect(worker, "the cluster is smaller now", Duration.ZERO, false));
			if (surplus.workers().isEmpty()) {
				this.slots.remove(surplus.index());
			}
		}
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
				if (slot(worker).isReplacement(worker)) {
					this.rollouts.ready(worker.index(), now);
				}
			}
			case REFUSING -> {
				logger.warn("%s refuses traffic".formatted(worker));
				notReady(worker, "refuses traffic");
			}
			case DRAINING -> {
				logger.info("%s drains".formatted(worker));
				notReady(worker, "closed its application");
				worker.leaves();
				awaitExit(worker, "its application was closed", now);
			}
			default -> {
			}
		}
	}

	private ClusterDescription describe() {
		long now = this.clock.now();
		List<WorkerDescription> workers = this.slots.values()
			.stream()
			.flatMap((slot) -> slot.described().stream().map((worker) -> describe(slot, worker, now)))
			.sorted(Comparator.comparingInt(WorkerDescription::index).thenComparingInt(WorkerDescription::id))
			.toList();
		PrimaryDescription primary = new PrimaryDescription(ProcessHandle.current().pid(), this.startedAt,
				Duration.ofNanos(now - this.started));
		return new ClusterDescription(primary, this.configuredWorkers, readyWorkers(), this.handles.listeners(),
				builds(), this.rollouts.describe(), workers);
	}

	/**
	 * While a worker and its replacement are ready, they are one.
	 */
	private int readyWorkers() {
		return (int) workers().filter((worker) -> worker.state() == WorkerState.READY)
			.map(WorkerHandle::index)
			.distinct()
			.count();
	}

	private List<String> builds() {
		return workers().sorted(Comparator.comparingInt(WorkerHandle::generation))
			.map((worker) -> worker.build().id())
			.filter(Objects::nonNull)
			.distinct()
			.toList();
	}

	private static WorkerDescription describe(Slot slot, WorkerHandle worker, long now) {
		return new WorkerDescription(worker.id(), worker.index(), worker.pid(), worker.state(), worker.generation(),
				worker.build().id(), worker.startedAt(), worker.readyAt(), worker.age(now), slot.restarts(),
				slot.lastExit(), worker.load());
	}

	private void retainBuilds() {
		Stream<Build> used = this.slots.values().stream().map((slot) -> slot.generation().build());
		Stream<Build> running = workers().map(WorkerHandle::build);
		this.builds
			.retain(Stream.of(Stream.of(this.generation.build()), used, running).flatMap(Function.identity()).toList());
	}

	private Stream<WorkerHandle> workers() {
		return List.copyOf(this.slots.values()).stream().flatMap((slot) -> List.copyOf(slot.workers()).stream());
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

	/**
	 * Carries out what reloads command, on the workers.
	 */
	private final class Crew implements Rollouts.Crew {

		@Override
		public void prepare(Rollout rollout) {
			logger.info("%s begins".formatted(rollout));
			Supervisor.this.serviceReport.reloading(rollout.toString());
			Supervisor.this.builds.prepare((build) -> post(() -> prepared(rollout, build)), (reason) -> post(
					() -> Supervisor.this.rollouts.cannotPrepare(rollout, reason, Supervisor.this.clock.now())));
		}

		private void prepared(Rollout rollout, Build build) {
			List<Integer> indexes = Supervisor.this.slots.values()
				.stream()
				.filter(Slot::isWanted)
				.map(Slot::index)
				.toList();
			Supervisor.this.rollouts.prepared(rollout, new Generation(rollout.number(), build), indexes,
					Supervisor.this.clock.now());
		}

		@Override
		public void start(int index, Rollout rollout) {
			Slot slot = Supervisor.this.slots.get(index);
			if (slot != null) {
				if (rollout.generation() != null) {
					slot.forgive(Supervisor.this.clock.now());
				}
				slot.replace(rollout.generation(), rollout.toString());
			}
		}

		@Override
		public boolean retire(int index) {
			Slot slot = Supervisor.this.slots.get(index);
			List<WorkerHandle> replaced = (slot != null) ? slot.settle() : List.of();
			replaced.forEach((worker) -> disconnect(worker, worker.reason(), Duration.ZERO, false));
			return !replaced.isEmpty();
		}

		@Override
		public void discard(int index) {
			Slot slot = Supervisor.this.slots.get(index);
			if (slot != null) {
				slot.revert().forEach((worker) -> disconnect(worker, "it has not proved itself", Duration.ZERO, false));
			}
		}

		@Override
		public void over(Rollout rollout) {
			retainBuilds();
			if (rollout.kind() == Rollout.Kind.RELOAD) {
				Supervisor.this.serviceReport.reloaded(rollout.toString() + " " + rollout.reload().state());
			}
			Failure failure = rollout.reload().failure();
			if (failure != null) {
				logger.error("%s %s: %s. The workers that were to be replaced go on".formatted(rollout,
						rollout.reload().state(), failure.reason()));
				WorkerHandle target = rollout.target();
				Slot slot = (target != null) ? Supervisor.this.slots.get(target.index()) : null;
				if (slot != null && rollout.kind() != Rollout.Kind.RESTART) {
					slot.backOff(Supervisor.this.restartPolicy, Supervisor.this.clock.now());
				}
				return;
			}
			logger.info("%s is done after %s".formatted(rollout, seconds(rollout.duration())));
			if (rollout.generation() != null) {
				Supervisor.this.generation = rollout.generation();
			}
		}

	}

}
