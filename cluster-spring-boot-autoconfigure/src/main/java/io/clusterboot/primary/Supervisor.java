package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import io.clusterboot.ClusterProperties;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.launch.Build;
import io.clusterboot.os.ServiceManager;
import io.clusterboot.primary.Rollout.Waiter;
import io.clusterboot.protocol.ClusterDescription.ExitDescription;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.LinkSocket;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.PastEvent;
import io.clusterboot.protocol.Refusal;
import io.clusterboot.protocol.RestartReason;
import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.WorkerState;
import io.clusterboot.redis.RedisServer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The primary's loop. Signals, exits, connections and messages are events of one queue;
 * after each, and at least every tick, the loop compares the workers there are with those
 * there should be. All state belongs to the thread that calls {@link #run()}.
 */
final class Supervisor implements LinkServer.Admission, ClusterSignals.Commands {

	private static final Log logger = LogFactory.getLog(Supervisor.class);

	private static final EventLog eventLog = EventLog.of(Supervisor.class);

	private static final Duration TICK = Duration.ofMillis(100);

	/** Time without a tick from which on the primary has been suspended or starved. */
	private static final Duration STALL = TICK.multipliedBy(5);

	/** Time between two looks at how evenly connections are spread. */
	private static final Duration REBALANCE = Duration.ofSeconds(1);

	/** Time that the rest of an exited worker's output gets to arrive. */
	private static final Duration OUTPUT = Duration.ofSeconds(2);

	private final ClusterProperties properties;

	private final WorkerProcesses processes;

	private final BuildSource builds;

	private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();

	private final SupervisorClock clock;

	private final Dispatcher dispatcher;

	private final HandleRegistry handles;

	private final ServiceReport serviceReport = new ServiceReport(ServiceManager.ofThisProcess());

	private final StartPlan startPlan;

	private final RestartPolicy restartPolicy;

	private final RecyclePolicy recyclePolicy;

	private final PrimaryListeners listeners;

	private final MessageRouter router;

	private final Departures departures;

	private final Slots slots;

	private final Announcements announcements;

	private final Statistics statistics = new Statistics();

	private final Rollouts rollouts;

	private final Coordination coordination;

	private final ClusterCommands commands;

	private final ClusterDescriber describer;

	private final RedisServer redis;

	private final RefusedConnections refusedConnections = new RefusedConnections();

	private Phase phase = Phase.STARTING;

	private long rebalanced;

	private boolean anyReady;

	private int exitCode;

	/**
	 * Create a supervisor, which does nothing before it {@linkplain #run() runs}.
	 * @param properties the cluster's configuration
	 * @param processes starts the workers
	 * @param builds knows what the application's files are
	 * @param first what the workers run until the first reload
	 * @param listeners the application's listeners in this process
	 * @param dispatcher passes connections on
	 * @param redis the cluster's Redis
	 * @param nanoTime a monotonic clock, in nanoseconds
	 */
	Supervisor(ClusterProperties properties, WorkerProcesses processes, BuildSource builds, Build first,
			PrimaryListeners listeners, Dispatcher dispatcher, RedisServer redis, LongSupplier nanoTime) {
		this.properties = properties;
		this.clock = new SupervisorClock(nanoTime, STALL);
		this.dispatcher = dispatcher;
		this.handles = new HandleRegistry(LoadBalancing.isPassing(properties.loadBalancing()) ? dispatcher : null);
		this.processes = processes;
		this.builds = builds;
		this.startPlan = new StartPlan(properties.startup().parallelism());
		this.restartPolicy = new RestartPolicy(properties.restart(), () -> ThreadLocalRandom.current().nextDouble());
		this.recyclePolicy = new RecyclePolicy(properties.recycle());
		this.listeners = listeners;
		this.router = new MessageRouter(
				new PrimaryMailbox(listeners, properties.messaging().maxMessageSize().toBytes()));
		this.departures = new Departures(properties, processes);
		this.slots = new Slots(new Generation(0, first));
		this.announcements = new Announcements(this.slots, listeners);
		this.rollouts = new Rollouts(properties.reload(),
				new ReloadCrew(builds, this.slots, this.departures, this.restartPolicy, this.serviceReport,
						this.announcements, this.statistics, this.clock::now, this.events::add));
		this.coordination = new Coordination(this.slots, this.rollouts);
		this.commands = new ClusterCommands(properties.mostWorkers(), this.slots, this.rollouts, this.departures,
				this.announcements, this.clock::now);
		this.redis = redis;
		this.describer = new ClusterDescriber(this.slots, this.handles, this.rollouts, this.dispatcher, this.redis,
				this.clock.now());
		this.rebalanced = this.clock.now();
		this.slots.resize(properties.workers().resolve(), this.clock.now(), (index) -> {
		});
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
				step(TICK);
			}
			return this.exitCode;
		}
		finally {
			this.handles.close();
			this.dispatcher.close();
			this.listeners.close();
		}
	}

	/**
	 * Go round the loop once: handle what has happened, and do what is due.
	 * @param patience longest time to wait for something to happen
	 * @return whether the cluster is still there
	 */
	boolean step(Duration patience) {
		awaitEvents(patience);
		guard(this::tick);
		return this.phase != Phase.STOPPED;
	}

	@Override
	public void stop(String reason, int exitCode) {
		post(() -> stopping(reason, exitCode));
	}

	@Override
	public void reload(String trigger) {
		post(() -> command(trigger, () -> this.commands.reload(trigger, null)));
	}

	@Override
	public void scaleBy(int difference, String trigger) {
		post(() -> command(trigger, () -> this.commands.scale(this.slots.configured() + difference)));
	}

	private void command(String trigger, Runnable command) {
		try {
			requireRunning();
			command.run();
		}
		catch (RefusedException ex) {
			logger.warn("%s: %s".formatted(trigger, ex.getMessage()));
		}
	}

	private void requireRunning() {
		if (this.phase != Phase.RUNNING) {
			throw new RefusedException(Refusal.UNAVAILABLE, (this.phase == Phase.STARTING)
					? "The cluster starts: no worker has been ready yet" : "The cluster stops");
		}
	}

	@Override
	public void offer(LinkSocket socket, Caller caller) {
		post(() -> connected(socket, caller));
	}

	/**
	 * Describe the cluster. Thread-safe.
	 * @return completes with the description as soon as it is this question's turn
	 */
	CompletableFuture<ClusterDescription> describe() {
		return answer(() -> this.describer.describe(this.clock.now()));
	}

	/**
	 * Tell what has happened last. Thread-safe.
	 * @return completes with the events as soon as it is this question's turn
	 */
	CompletableFuture<List<PastEvent>> recentEvents() {
		return answer(this.announcements::recentEvents);
	}

	/**
	 * Tell what has been counted. Thread-safe.
	 * @return completes with the statistics as soon as it is this question's turn
	 */
	CompletableFuture<ClusterStatistics> count() {
		return answer(this::statistics);
	}

	private <T> CompletableFuture<T> answer(Supplier<T> question) {
		CompletableFuture<T> answer = new CompletableFuture<>();
		post(() -> answer.complete(question.get()));
		return answer;
	}

	/**
	 * Ask a worker for its meters. Thread-safe.
	 * @param worker id of the worker
	 * @param timeout longest time to wait for them
	 * @return completes with its snapshots
	 */
	CompletableFuture<byte[]> requestSnapshot(int worker, Duration timeout) {
		return this.router.ask(worker, Channel.METRICS, "snapshot", timeout);
	}

	private void post(Runnable event) {
		this.events.add(event);
	}

	private void awaitEvents(Duration patience) {
		try {
			Runnable event = this.events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
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
		this.slots.workers().forEach((worker) -> this.departures.check(worker, now));
		announceAvailability();
		this.dispatcher.tick();
		this.announcements.tellMembers();
		this.announcements.tellStatistics(statistics(), now);
		this.coordination.tick(now);
		this.serviceReport.tick(this.slots.ready(), this.slots.configured(), now);
		switch (this.phase) {
			case STARTING -> {
				// The first worker starts alone, and its failure is final.
				if (!this.slots.hasWorkers()) {
					startMissing(now);
				}
			}
			case RUNNING -> {
				giveUpUnfitReplacements();
				replaceLeaving(now);
				recycle(now);
				rebalance(now);
				this.rollouts.tick(now);
				startMissing(now);
			}
			case STOPPING -> {
				if (!this.slots.hasWorkers()) {
					this.phase = Phase.STOPPED;
				}
			}
			case STOPPED -> {
			}
		}
	}

	private ClusterStatistics statistics() {
		return this.statistics.describe(this.slots.configured(), this.slots.ready(), this.dispatcher.dispatched(),
				this.dispatcher.handOvers(),
				new ClusterStatistics.Queues(this.dispatcher.waiting(), this.slots.backlogs()));
	}

	private void startMissing(long now) {
		List<StartPlan.Candidate> candidates = this.slots.all().stream().map(Slot::candidate).toList();
		this.startPlan.next(candidates, this.phase == Phase.RUNNING, now).forEach(this::fork);
	}

	/**
	 * A replacement that is about to be killed, or leaves, has not proved itself, however
	 * long it has been ready.
	 */
	private void giveUpUnfitReplacements() {
		this.slots.workers()
			.filter((worker) -> worker.state() == WorkerState.READY && !worker.isStaying())
			.forEach((worker) -> notReady(worker, String.valueOf(worker.reason())));
	}

	private boolean isReplacement(WorkerHandle worker) {
		return worker.state() != WorkerState.STOPPED && this.slots.of(worker).isReplacement(worker);
	}

	/**
	 * A reload that is about to replace a worker anyway need not be told.
	 */
	private void replaceLeaving(long now) {
		for (Slot slot : this.slots.all()) {
			for (WorkerHandle worker : List.copyOf(slot.workers())) {
				String reason = worker.leaveReason();
				if (reason != null && worker.isStaying() && slot.mayStart(now)
						&& !this.rollouts.isAbout(slot.index())) {
					eventLog.event("worker-leaves")
						.worker(worker)
						.with("reason", reason)
						.info("%s %s: it leaves as soon as its replacement has proved itself".formatted(worker,
								reason));
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
		this.slots.workers()
			.filter((worker) -> worker.isStaying() && worker.state() == WorkerState.READY)
			.filter((worker) -> this.restartPolicy.isStable(worker.readyFor(now))
					&& this.slots.of(worker).mayStart(now))
			.forEach((worker) -> {
				String limit = this.recyclePolicy.limitReached(worker.load(), worker.age(now), worker.luck());
				if (limit != null && this.rollouts.isIdle()) {
					eventLog.event("worker-recycled")
						.worker(worker)
						.with("reason", limit)
						.info("%s %s: it is replaced".formatted(worker, limit));
					this.rollouts.recycle(worker, limit, now);
				}
			});
	}

	/**
	 * A reload moves connections anyway.
	 */
	private void rebalance(long now) {
		if (now - this.rebalanced >= REBALANCE.toNanos() && this.rollouts.isIdle()) {
			this.rebalanced = now;
			this.dispatcher.rebalance();
		}
	}

	private void announceAvailability() {
		boolean nowReady = this.slots.workers().anyMatch((worker) -> worker.state() == WorkerState.READY);
		if (nowReady != this.anyReady) {
			this.anyReady = nowReady;
			this.slots.workers().forEach((worker) -> worker.send(new FromPrimary.Availability(nowReady)));
		}
	}

	private void linkLost(WorkerHandle worker) {
		worker.linkLost(this.clock.now());
		this.departures.forget(worker);
		if (isReplacement(worker)) {
			this.rollouts.doubted(worker.index());
		}
	}

	private void fork(int index) {
		Slot slot = this.slots.at(index);
		if (slot == null) {
			return;
		}
		long now = this.clock.now();
		try {
			WorkerHandle worker = this.processes.spawn(index, slot.nextGeneration(),
					this.slots.workers().map(WorkerHandle::seat).toList(), this.slots.configured(), now);
			slot.started(worker);
			worker.onExit(OUTPUT, (code) -> post(() -> exited(worker, code)));
			eventLog.event("worker-started").worker(worker).info("%s started".formatted(worker));
		}
		catch (IOException | RuntimeException ex) {
			logger.error("A worker for index %d cannot be started: %s".formatted(index, ex.getMessage()), ex);
			if (this.phase == Phase.STARTING) {
				finish(1);
			}
			else {
				Failure failure = Failure.of("No process can be started: " + ex.getMessage());
				if (slot.isSucceeding()) {
					this.rollouts.failed(index, failure, now);
				}
				else {
					slot.backOff(this.restartPolicy, now);
				}
			}
		}
	}

	private void exited(WorkerHandle worker, int code) {
		long now = this.clock.now();
		ExitStatus status = new ExitStatus(code);
		worker.exited(now);
		this.dispatcher.gone(worker.id());
		this.statistics.exited();
		this.coordination.exited(worker);
		String reason = (worker.reason() != null) ? worker.reason() : status.toString();
		this.announcements.happened(new Occurrence.Exited(Announcements.describe(worker), code, status.signal()),
				reason);
		ExitDescription exit = new ExitDescription(code, status.signal(), reason, Instant.now());
		Slot slot = this.slots.of(worker);
		String words = "%s exited after %s".formatted(worker, Text.seconds(worker.age(now)));
		EventLog.Event event = eventLog.event("worker-exited")
			.worker(worker)
			.with("worker.exit_code", code)
			.with("worker.signal", status.signal())
			.with("worker.uptime_ms", worker.age(now).toMillis())
			.with("reason", reason);
		if (this.phase == Phase.STARTING && !worker.isLeaving()) {
			event.error("%s, %s: no worker has been ready yet, so the cluster ends".formatted(words,
					describe(status, worker)));
			slot.left(worker, exit);
			finish(code);
			return;
		}
		boolean replacement = slot.isReplacement(worker);
		if (replacement || worker.isLeaving() || this.phase == Phase.STOPPING || !slot.isWanted()) {
			event.info("%s, %s".formatted(words, describe(status, worker)));
			slot.left(worker, exit);
		}
		else {
			Duration delay = slot.failed(worker, exit, this.restartPolicy, now);
			this.statistics.restarted(restartReason(status, worker));
			event.with("restart.delay_ms", delay.toMillis())
				.warn("%s, %s: replaced %s".formatted(words, describe(status, worker),
						delay.isZero() ? "at once" : "in " + Text.seconds(delay)));
		}
		forget(worker, slot, replacement, now,
				() -> new Failure("%s exited: %s".formatted(worker, describe(status, worker)), worker.id(),
						worker.index(), code, worker.outputTail()));
	}

	private static RestartReason restartReason(ExitStatus status, WorkerHandle worker) {
		boolean ended = worker.intent().compareTo(WorkerHandle.Intent.REPLACE) > 0;
		return ended ? RestartReason.UNRESPONSIVE : status.restartReason();
	}

	/**
	 * Completes whatever waited for a worker that is gone.
	 */
	private void forget(WorkerHandle worker, Slot slot, boolean replacement, long now, Supplier<Failure> failure) {
		this.handles.forget(worker);
		this.departures.forget(worker);
		this.rollouts.forget(worker);
		if (replacement) {
			this.rollouts.failed(slot.index(), failure.get(), now);
		}
		else if (slot.workers().stream().allMatch(WorkerHandle::isStaying)) {
			this.rollouts.left(slot.index(), now);
		}
		this.slots.removeEmpty();
		if (!this.slots.builds().contains(worker.build())) {
			this.builds.retain(this.slots.builds());
		}
	}

	private static String describe(ExitStatus status, WorkerHandle worker) {
		return (worker.reason() != null) ? "%s (%s)".formatted(status, worker.reason()) : status.toString();
	}

	private void finish(int exitCode) {
		this.exitCode = exitCode;
		this.phase = Phase.STOPPING;
		this.slots.workers().forEach(WorkerHandle::kill);
	}

	private void stopping(String reason, int exitCode) {
		if (this.phase == Phase.STOPPING || this.phase == Phase.STOPPED) {
			return;
		}
		this.phase = Phase.STOPPING;
		this.exitCode = exitCode;
		this.serviceReport.stopping(reason);
		this.rollouts.cancel("The cluster stops");
		Duration delay = this.properties.shutdown().preStopDelay();
		eventLog.event("cluster-stops")
			.with("reason", reason)
			.info("%s: %d workers drain and exit%s, within %s".formatted(reason, this.slots.workers().count(),
					delay.isZero() ? "" : " after serving for another " + Text.seconds(delay),
					Text.seconds(this.properties.shutdown().timeout())));
		this.slots.workers().forEach((worker) -> this.departures.disconnectLast(worker, delay, this.clock.now()));
		// While the primary holds a copy, clients would wait instead of being refused.
		this.handles.close();
	}

	private void connected(LinkSocket socket, Caller caller) {
		Optional<WorkerHandle> child = this.slots.workers()
			.filter((worker) -> caller.is(worker) && !worker.isLinked())
			.findAny();
		if (child.isEmpty()) {
			this.refusedConnections
				.add("A connection to the cluster's socket was refused: %s is no worker that has none"
					.formatted(caller));
			LinkServer.close(socket);
			return;
		}
		WorkerHandle worker = child.get();
		Link link = new Link("worker-" + worker.id(), socket, new Receiver(worker));
		worker.attach(link);
		this.router.joined(worker.id(), link);
		this.dispatcher.joined(worker.id(), worker.index(), worker);
		this.departures.heard(worker, this.clock.now());
		link.start();
		worker.send(new FromPrimary.Availability(this.anyReady));
		this.announcements.joined(worker);
	}

	private void received(WorkerHandle worker, Message message, List<FileDescriptor> descriptors) {
		if (message instanceof FromWorker.Bound bound && descriptors.size() <= 1) {
			this.handles.bound(bound, descriptors);
			return;
		}
		// the exit of a process may be seen before what it said last
		if (worker.state() != WorkerState.STOPPED) {
			this.departures.heard(worker, this.clock.now());
			received(worker, message);
		}
		descriptors.forEach(Descriptors::close);
	}

	private void received(WorkerHandle worker, Message message) {
		if (message instanceof FromWorker.Heartbeat heartbeat) {
			worker.load(heartbeat.load());
			this.router.load(worker.id(), heartbeat.load().activeRequests());
		}
		else if (message instanceof FromWorker.StateChanged change) {
			stateChanged(worker, change.state());
		}
		else if (message instanceof FromWorker.Listen request) {
			this.handles.listen(worker, request);
		}
		else if (message instanceof FromWorker.BindFailed failed) {
			this.handles.bindFailed(worker, failed.address());
		}
		else if (message instanceof FromWorker.Describe request) {
			worker.send(new FromPrimary.Described(request.exchange(), this.describer.describe(this.clock.now()),
					this.announcements.recentEvents()));
		}
		else if (message instanceof FromWorker.LeaveRequested request) {
			worker.send(new FromPrimary.Granted(request.exchange()));
			leaveRequested(worker, String.valueOf(request.reason()));
		}
		else if (message instanceof FromWorker.RequestStuck stuck) {
			leaveRequested(worker, "has a request that is stuck for " + Text.seconds(stuck.age()));
		}
		else if (message instanceof FromWorker.StoppedAccepting) {
			this.rollouts.stoppedAccepting(worker.index(), this.clock.now());
		}
		else if (message instanceof FromWorker.Command request) {
			worker.send(answer(worker, request));
		}
		else if (message instanceof FromWorker.AwaitOutcome request) {
			this.rollouts.await(new Waiter(worker, request.exchange()), request.reload());
		}
		else if (message instanceof FromWorker.Acquire request) {
			worker.send(this.coordination.answer(worker, request));
		}
		else if (message instanceof FromWorker.Release release) {
			this.coordination.released(worker, release);
		}
		else if (message instanceof FromWorker.Completed completed) {
			this.coordination.completed(worker, completed);
		}
		else if (message instanceof FromWorker.RedisWanted request) {
			provideRedis(worker, request);
		}
	}

	/**
	 * To start it takes its time, so the answer is an event of its own.
	 */
	private void provideRedis(WorkerHandle worker, FromWorker.RedisWanted request) {
		this.redis.provide(Path.of(request.executable()))
			.whenComplete((socket, failure) -> post(() -> worker.send(new FromPrimary.RedisProvided(request.exchange(),
					(socket != null) ? socket.toString() : null, (failure != null) ? failure.getMessage() : null))));
	}

	private void leaveRequested(WorkerHandle worker, String reason) {
		worker.wantsToLeave(reason);
		if (this.slots.of(worker).isReplacement(worker)) {
			notReady(worker, reason);
		}
	}

	/**
	 * A replacement does not stay ready. Nothing happens to any other worker.
	 */
	private void notReady(WorkerHandle worker, String reason) {
		if (this.slots.of(worker).isReplacement(worker)) {
			this.rollouts.failed(worker.index(), new Failure("%s %s".formatted(worker, reason), worker.id(),
					worker.index(), null, worker.outputTail()), this.clock.now());
		}
	}

	private FromPrimary answer(WorkerHandle worker, FromWorker.Command request) {
		try {
			requireRunning();
			return this.commands.answer(worker, request);
		}
		catch (RefusedException ex) {
			return ex.answer(request.exchange());
		}
	}

	private void stateChanged(WorkerHandle worker, WorkerState state) {
		WorkerState before = worker.state();
		long now = this.clock.now();
		boolean unasked = worker.isStaying() && !isReplacement(worker);
		worker.state(state, now);
		switch (state) {
			case READY -> {
				this.router.accepts(worker.id());
				eventLog.event("worker-ready")
					.worker(worker)
					.with("worker.uptime_ms", worker.age(now).toMillis())
					.info((before == WorkerState.STARTING)
							? "%s is ready after %s".formatted(worker, Text.seconds(worker.age(now)))
							: "%s accepts traffic again".formatted(worker));
				this.announcements.happened(new Occurrence.Listening(Announcements.describe(worker)));
				if (this.phase == Phase.STARTING) {
					this.phase = Phase.RUNNING;
				}
				if (isReplacement(worker) && worker.isStaying()) {
					this.rollouts.ready(worker.index(), now);
				}
			}
			case REFUSING -> {
				eventLog.event("worker-refuses").worker(worker).warn("%s refuses traffic".formatted(worker));
				notReady(worker, "refuses traffic");
			}
			case DRAINING -> {
				this.router.leaves(worker.id());
				eventLog.event("worker-drains").worker(worker).info("%s drains".formatted(worker));
				this.announcements.happened(new Occurrence.Disconnected(Announcements.describe(worker)));
				notReady(worker, "closed its application");
				if (unasked) {
					this.slots.of(worker).abandoned(worker, this.restartPolicy, now);
					this.statistics.restarted(RestartReason.CLOSED);
				}
				worker.leaves();
				this.departures.awaitExit(worker, "its application was closed", now);
			}
			default -> {
			}
		}
	}

	private final class Receiver implements Link.Receiver {

		private final WorkerHandle worker;

		private Receiver(WorkerHandle worker) {
			this.worker = worker;
		}

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
			if (message instanceof FromWorker.Dispatching dispatching) {
				Supervisor.this.dispatcher.received(this.worker.id(), dispatching, descriptors);
				return;
			}
			if (message instanceof FromWorker.Heartbeat heartbeat) {
				// what it takes and hands over is told on this thread, too
				Supervisor.this.dispatcher.counted(this.worker.id(), heartbeat.load().connections());
			}
			post(() -> Supervisor.this.received(this.worker, message, descriptors));
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
			Supervisor.this.router.route(this.worker.id(), envelope, payload);
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
			Supervisor.this.router.gone(this.worker.id());
			Supervisor.this.dispatcher.unreachable(this.worker.id());
			post(() -> linkLost(this.worker));
		}

	}

}
