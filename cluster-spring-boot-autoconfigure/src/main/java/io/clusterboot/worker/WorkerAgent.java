package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.balancing.ClusterLoad;
import io.clusterboot.os.Signals;
import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerState;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.availability.ReadinessState;

/**
 * What runs in the child: this worker's state, which follows the application's readiness
 * until the worker leaves, and its way out. There is one in a process, from before the
 * application context exists.
 * <p>
 * Thread-safe.
 */
public final class WorkerAgent implements PrimaryLink.Orders {

	private static final Log logger = LogFactory.getLog(WorkerAgent.class);

	/** What a JVM returns that SIGTERM has ended. */
	private static final int TERMINATED = 143;

	private static volatile @Nullable WorkerAgent current;

	private final WorkerIdentity identity;

	private final ClusterProperties properties;

	private final ProcessEnd end;

	private final DrainClock clock;

	private final PrimaryLink link;

	private final SharedSockets sockets;

	private final ClusterNews news = new ClusterNews();

	private final PrimaryPermits permits;

	private final RequestTracker requests = new RequestTracker();

	private final List<SharedServer> servers = new CopyOnWriteArrayList<>();

	private final ConnectionMoves moves = new ConnectionMoves();

	private final Set<CompletableFuture<ReloadDescription>> outcomes = ConcurrentHashMap.newKeySet();

	private final ClusterLoad reportedLoad = new ClusterLoad();

	private final LoadMeter meter = new LoadMeter(this.requests, this::connections, this.reportedLoad);

	private final Heart heart;

	private final CountDownLatch primaryLost = new CountDownLatch(1);

	private WorkerState state = WorkerState.STARTING;

	private boolean exiting;

	private volatile @Nullable Application application;

	private volatile @Nullable Correspondence correspondence;

	private WorkerAgent(WorkerIdentity identity, ClusterProperties properties, ProcessEnd end, DrainClock clock)
			throws IOException {
		this.identity = identity;
		this.properties = properties;
		this.end = end;
		this.clock = clock;
		this.link = PrimaryLink.connect(identity, this);
		this.sockets = new SharedSockets(this.link, identity.portSharing(), properties.startup().timeout(),
				this.meter::busyness);
		this.permits = new PrimaryPermits(this.link, this.news.leaderRole(), properties.link().replyTimeout());
		this.heart = new Heart(this.link, this.requests, this.meter, properties.worker().requestTimeout());
	}

	/**
	 * Make this process a worker, unless it is one already.
	 * @param identity who it is
	 * @param properties the cluster's configuration
	 * @throws IllegalStateException if there is no primary
	 */
	public static synchronized void start(WorkerIdentity identity, ClusterProperties properties) {
		if (current != null) {
			return;
		}
		try {
			handleSignals(start(identity, properties, ProcessEnd.OF_THIS_JVM, DrainClock.SYSTEM));
		}
		catch (IOException ex) {
			throw new IllegalStateException(
					"This worker cannot reach its primary at %s: %s".formatted(identity.socket(), ex.getMessage()), ex);
		}
	}

	/**
	 * Make this process a worker that ends in a way of its own, and knows no signals.
	 * @param identity who it is
	 * @param properties the cluster's configuration
	 * @param end how it ends
	 * @param clock the time that its drain takes
	 * @return the agent of this process
	 * @throws IOException if there is no primary
	 */
	static synchronized WorkerAgent start(WorkerIdentity identity, ClusterProperties properties, ProcessEnd end,
			DrainClock clock) throws IOException {
		WorkerAgent agent = new WorkerAgent(identity, properties, end, clock);
		current = agent;
		agent.link.start();
		agent.heart.start(properties.heartbeat().interval());
		return agent;
	}

	/**
	 * This process, which goes on, is no worker any more.
	 */
	static synchronized void forget() {
		WorkerAgent agent = current;
		if (agent != null) {
			agent.heart.stop();
		}
		current = null;
	}

	/**
	 * A terminal sends signals to the whole process group, service managers often do the
	 * same, but it is the primary that decides what happens. What is ignored has handlers
	 * that do nothing: processes that the application starts would inherit SIG_IGN. The
	 * JVM of a worker uses another signal than SIGUSR2 for itself.
	 */
	private static void handleSignals(WorkerAgent agent) {
		for (String ignored : List.of("INT", "HUP", "USR2", "TTIN", "TTOU")) {
			Signals.handle(ignored, (number) -> {
			});
		}
		Signals.handle("TERM", (number) -> agent.terminate());
	}

	/**
	 * The agent of this process.
	 * @return the agent, or {@code null} if this process is not a worker
	 */
	public static @Nullable WorkerAgent current() {
		return current;
	}

	/**
	 * Who this worker is.
	 * @return its identity
	 */
	public WorkerIdentity identity() {
		return this.identity;
	}

	PrimaryLink link() {
		return this.link;
	}

	/**
	 * The listening sockets that this worker shares.
	 * @return the sockets
	 */
	public SharedSockets sockets() {
		return this.sockets;
	}

	/**
	 * What this worker knows of its cluster.
	 * @return the news
	 */
	public ClusterNews news() {
		return this.news;
	}

	/**
	 * Lets this worker run what must not run twice in the cluster.
	 * @return the permits
	 */
	public Permits permits() {
		return this.permits;
	}

	/**
	 * The requests in flight in this worker.
	 * @return the tracker
	 */
	public RequestTracker requests() {
		return this.requests;
	}

	/**
	 * How many connections are to move to other workers.
	 * @return says so
	 */
	public ConnectionMoves moves() {
		return this.moves;
	}

	/**
	 * What the application says of its load.
	 * @return where it says it
	 */
	public ClusterLoad reportedLoad() {
		return this.reportedLoad;
	}

	/**
	 * Have a server drained when this worker leaves.
	 * @param server the server
	 */
	public void register(SharedServer server) {
		this.servers.add(server);
	}

	/**
	 * Drain a server no longer, since it has stopped.
	 * @param server the server
	 */
	public void deregister(SharedServer server) {
		this.servers.remove(server);
	}

	/**
	 * Have what other processes of the cluster say to this worker received.
	 * @param correspondence receives it
	 */
	public void correspond(Correspondence correspondence) {
		this.correspondence = correspondence;
	}

	/**
	 * Say something to other processes of the cluster, without waiting for it to leave.
	 * @param envelope the envelope
	 * @param payload what is in it
	 * @return {@code false} if the primary is gone
	 */
	public boolean post(Envelope envelope, byte[] payload) {
		return this.link.post(envelope, payload);
	}

	/**
	 * Ask the primary to describe the cluster.
	 * @return the description
	 * @throws IOException if it does not answer within {@code cluster.link.reply-timeout}
	 */
	public ClusterDescription describe() throws IOException {
		return describeWithEvents().cluster();
	}

	/**
	 * Ask the primary to describe the cluster, and to tell what has happened last.
	 * @return the answer
	 * @throws IOException if it does not answer within {@code cluster.link.reply-timeout}
	 */
	public FromPrimary.Described describeWithEvents() throws IOException {
		return (FromPrimary.Described) this.link.ask(FromWorker.Describe::new, this.properties.link().replyTimeout())
			.message();
	}

	/**
	 * Ask the primary for the Redis that the cluster runs, which is started if it does
	 * not run.
	 * @param executable what to start
	 * @return its UNIX socket, whether it is up or not
	 * @throws IOException if there can be none
	 */
	public Path redis(Path executable) throws IOException {
		FromPrimary.RedisProvided provided = (FromPrimary.RedisProvided) this.link
			.ask((exchange) -> new FromWorker.RedisWanted(exchange, executable.toString()),
					this.properties.startup().timeout())
			.message();
		if (provided.socket() == null) {
			throw new IOException(provided.error());
		}
		return Path.of(provided.socket());
	}

	/**
	 * Command the primary.
	 * @param command what is asked for
	 * @return completes with the answer, {@link FromPrimary.Accepted} or
	 * {@link FromPrimary.Refused}, or with an {@link IOException} if there is none within
	 * {@code cluster.link.reply-timeout}
	 */
	public CompletableFuture<FromPrimary.Answer> command(ClusterCommand command) {
		return this.link
			.request((exchange) -> new FromWorker.Command(exchange, command), this.properties.link().replyTimeout())
			.thenApply(PrimaryLink.Answered::message);
	}

	/**
	 * Wait for the outcome of a reload or restart.
	 * @param reload its id
	 * @param timeout longest time to wait
	 * @return completes with the outcome, or with an {@link IOException} if it is not
	 * known in time or this worker leaves before
	 */
	public CompletableFuture<ReloadDescription> outcome(int reload, Duration timeout) {
		CompletableFuture<ReloadDescription> outcome = this.link
			.request((exchange) -> new FromWorker.AwaitOutcome(exchange, reload), timeout)
			.thenCompose((answered) -> outcome(reload, (FromPrimary.Outcome) answered.message()));
		this.outcomes.add(outcome);
		return outcome.whenComplete((description, failure) -> this.outcomes.remove(outcome));
	}

	private static CompletableFuture<ReloadDescription> outcome(int reload, FromPrimary.Outcome answer) {
		ReloadDescription outcome = answer.reload();
		return (outcome != null) ? CompletableFuture.completedFuture(outcome) : CompletableFuture
			.failedFuture(new IOException("The primary does not know how reload %d has ended".formatted(reload)));
	}

	/**
	 * The application's readiness has changed.
	 * @param application the application; only the first one of a process counts
	 * @param readiness its readiness
	 */
	public synchronized void readinessChanged(Application application, ReadinessState readiness) {
		if (this.application == null) {
			this.application = application;
		}
		if (this.application != application || this.state == WorkerState.DRAINING) {
			return;
		}
		if (readiness == ReadinessState.ACCEPTING_TRAFFIC) {
			this.sockets.ready(true);
			change(WorkerState.READY);
		}
		else if (this.state == WorkerState.READY) {
			this.sockets.ready(false);
			change(WorkerState.REFUSING);
		}
	}

	/**
	 * The application closes without having been told to by the primary: drain first.
	 * @param application the application
	 */
	public void applicationCloses(Application application) {
		synchronized (this) {
			// One that has never been ready has accepted nothing, and fails to start.
			if (application != this.application || isStarting() || this.state == WorkerState.DRAINING) {
				return;
			}
			change(WorkerState.DRAINING);
		}
		stopAccepting(false);
		drain(false);
	}

	@Override
	public void connection(FromPrimary.Connection connection, FileDescriptor descriptor) {
		this.sockets.pass(connection, descriptor);
	}

	@Override
	public void availability(FromPrimary.Availability availability) {
		this.sockets.anyReady(availability.anyReady());
	}

	@Override
	public void rebalance(FromPrimary.Rebalance order) {
		this.moves.some(Math.min(order.connections(), connections() - order.keep()));
		this.servers.forEach(SharedServer::handOver);
	}

	@Override
	public void disconnect(FromPrimary.Disconnect order) {
		leave(order.delay(), order.last());
	}

	@Override
	public void news(FromPrimary.News news) {
		this.news.received(news);
	}

	@Override
	public void received(Envelope envelope, byte[] payload) {
		Correspondence correspondence = this.correspondence;
		if (correspondence != null) {
			correspondence.received(envelope, payload);
		}
		else if (envelope instanceof Envelope.Delivery delivery) {
			this.link.post(new Envelope.Undeliverable(this.identity.id(), delivery.from(), delivery.exchange(),
					"It handles no messages"), new byte[0]);
		}
	}

	@Override
	public void primaryLost() {
		this.news.leaderRole().primaryLost();
		Correspondence correspondence = this.correspondence;
		if (correspondence != null) {
			correspondence.linkClosed();
		}
		this.primaryLost.countDown();
		if (leave(Duration.ZERO, true)) {
			logger.error("The primary is gone: this worker drains and exits");
		}
	}

	/**
	 * Somebody wants this worker to end: the primary starts a replacement before. To be
	 * told again changes nothing.
	 */
	private void terminate() {
		startThread("cluster-terminate", () -> {
			if (isStarting()) {
				this.end.exit(TERMINATED);
			}
			else if (!askToLeave()) {
				leave(Duration.ZERO, false);
			}
		});
	}

	private boolean askToLeave() {
		try {
			this.link.ask((exchange) -> new FromWorker.LeaveRequested(exchange, "got SIGTERM"),
					this.properties.link().replyTimeout());
			return true;
		}
		catch (IOException ex) {
			logger.warn("Cannot be replaced before leaving: " + ex.getMessage());
			return false;
		}
	}

	/**
	 * Drain and exit, whatever the application does in the meantime.
	 * @return whether this worker was not leaving already
	 */
	private boolean leave(Duration delay, boolean last) {
		WorkerState before;
		synchronized (this) {
			if (this.exiting) {
				return false;
			}
			this.exiting = true;
			before = this.state;
			change(WorkerState.DRAINING);
		}
		startThread("cluster-watchdog", () -> haltAfter(delay.plus(this.properties.shutdown().timeout())));
		startThread("cluster-drain", () -> {
			if (before == WorkerState.READY || before == WorkerState.REFUSING) {
				refuseTraffic();
				awaitDelay(delay);
				stopAccepting(last);
				drain(last);
			}
			this.end.exit(0);
		});
		return true;
	}

	/**
	 * Listeners of the application are told, which may do anything.
	 */
	private void refuseTraffic() {
		try {
			if (this.application != null) {
				this.application.refuseTraffic();
			}
		}
		catch (RuntimeException ex) {
			logger.warn("The application failed to take note that it refuses traffic", ex);
		}
	}

	private void awaitDelay(Duration delay) {
		try {
			this.primaryLost.await(delay.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Whoever replaces this worker takes all new connections from now on. Requests that
	 * wait for an outcome must not keep the drain waiting until it is over.
	 */
	private void stopAccepting(boolean last) {
		long timeout = this.properties.drain().timeout().toMillis();
		CompletableFuture.delayedExecutor(timeout - timeout / 10, TimeUnit.MILLISECONDS)
			.execute(() -> this.outcomes.forEach((outcome) -> outcome
				.completeExceptionally(new IOException("This worker leaves before the outcome is known"))));
		if (!last) {
			this.sockets.ready(false);
			this.link.send(new FromWorker.StoppedAccepting());
		}
	}

	private void drain(boolean last) {
		if (last) {
			this.sockets.lastCall();
		}
		else if (this.properties.drain().handover() && this.identity.portSharing() == PortSharing.HANDLES) {
			this.moves.all();
		}
		new Drain(this.properties.drain(), this.requests, this.servers, this::otherWork, this.clock).run();
	}

	/**
	 * Whether this worker leaves, or is about to.
	 * @return whether it does
	 */
	public synchronized boolean isLeaving() {
		return this.state == WorkerState.DRAINING;
	}

	private synchronized boolean isStarting() {
		return this.state == WorkerState.STARTING;
	}

	private synchronized void change(WorkerState state) {
		if (this.state != state) {
			this.state = state;
			this.news.leaderRole().stateChanging();
			if (state == WorkerState.DRAINING && this.correspondence != null) {
				this.correspondence.leaving();
			}
			this.link.send(new FromWorker.StateChanged(state));
		}
	}

	private int otherWork() {
		Correspondence correspondence = this.correspondence;
		return this.permits.held() + ((correspondence != null) ? correspondence.unfinished() : 0);
	}

	/**
	 * The number of open connections, of all servers.
	 * @return the number
	 */
	int connections() {
		return this.servers.stream().mapToInt(SharedServer::connections).sum();
	}

	/**
	 * Shutdown hooks may hang. The primary would kill this process, but there may be
	 * none.
	 */
	private void haltAfter(Duration limit) {
		try {
			Thread.sleep(limit.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.end.halt(1);
	}

	private static void startThread(String name, Runnable task) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

}
