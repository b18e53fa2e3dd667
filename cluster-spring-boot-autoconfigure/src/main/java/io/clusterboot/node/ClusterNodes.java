package io.clusterboot.node;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import io.clusterboot.control.PrimaryClusterControl;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedStateException;
import io.clusterboot.state.UnreadableValueException;
import io.clusterboot.worker.WorkerAgent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * What this node knows of the others, and they of it. The primary has no connection to
 * Redis, so a worker speaks for the node: the leader, since there is one of it, and
 * another one when it has gone.
 * <p>
 * Thread-safe.
 */
public final class ClusterNodes implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ClusterNodes.class);

	private static final String TRIGGER = "all nodes";

	/** Heartbeats after which a node is not listed any more. */
	private static final int MISSED = 5;

	/** Time for what is under way when the application ends. */
	private static final Duration END = Duration.ofSeconds(2);

	private final NodeIdentity self;

	private final WorkerAgent agent;

	private final Duration heartbeat;

	private final Nodes nodes;

	private final ReloadTurns turns;

	private final NodeMessages messages;

	private final UnreadableEntries unreadable = new UnreadableEntries();

	private volatile @Nullable ScheduledExecutorService thread;

	private boolean reachable = true;

	/** The failure that has been logged last, until nothing fails. */
	private @Nullable String failure;

	/**
	 * Create nodes.
	 * @param self this node
	 * @param agent this worker
	 * @param state what the nodes share
	 * @param messages what they tell each other
	 * @param heartbeat time between two signs of life
	 * @param acceptCommands whether this node reloads when others ask it to
	 */
	public ClusterNodes(NodeIdentity self, WorkerAgent agent, RedisSharedState state, NodeMessages messages,
			Duration heartbeat, boolean acceptCommands) {
		this.self = self;
		this.agent = agent;
		this.heartbeat = heartbeat;
		this.messages = messages;
		this.nodes = new Nodes(state, heartbeat.multipliedBy(MISSED));
		PrimaryClusterControl control = new PrimaryClusterControl(agent);
		this.turns = new ReloadTurns(self.id(), acceptCommands, state, () -> control.reload(TRIGGER).join());
	}

	/**
	 * All that is known of the nodes.
	 * @return the nodes, and what they do together
	 * @throws SharedStateException if Redis cannot be reached
	 */
	public NodesDescription describe() {
		Nodes.Seen seen = this.nodes.all();
		List<UnreadableEntry> unreadable = new ArrayList<>(seen.unreadable());
		NodesReload reload = null;
		try {
			reload = this.turns.current();
		}
		catch (UnreadableValueException ex) {
			unreadable.add(UnreadableEntry.of(ex));
		}
		return new NodesDescription(seen.nodes(), reload, unreadable);
	}

	/**
	 * Reload all nodes that live, one after the other.
	 * @return what has begun
	 * @throws SharedStateException if Redis cannot be reached
	 * @throws IllegalStateException if another one is under way, or may be
	 */
	public NodesReload reloadAll() {
		NodesReload reload = request(this.nodes.all().nodes().stream().map(NodeDescription::id).toList());
		if (reload == null) {
			throw new IllegalStateException("Another reload of all nodes is under way: look at 'nodesReload'");
		}
		return reload;
	}

	private @Nullable NodesReload request(List<String> nodes) {
		try {
			return this.turns.request(nodes);
		}
		catch (UnreadableValueException ex) {
			throw new IllegalStateException(
					"It is not known whether another reload of all nodes is under way. "
							+ "Look at '%s' in Redis, and delete it if none is: %s".formatted(ex.key(), ex.reason()),
					ex);
		}
	}

	@Override
	public synchronized void start() {
		ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor((task) -> {
			Thread worker = new Thread(task, "cluster-node");
			worker.setDaemon(true);
			return worker;
		});
		thread.scheduleWithFixedDelay(this::tick, 0, this.heartbeat.toMillis(), TimeUnit.MILLISECONDS);
		this.thread = thread;
	}

	@Override
	public synchronized void stop() {
		ScheduledExecutorService running = this.thread;
		this.thread = null;
		if (running != null) {
			running.shutdown();
			awaitEnd(running);
			this.messages.close();
		}
	}

	/**
	 * What it uses is about to be closed.
	 */
	private static void awaitEnd(ScheduledExecutorService thread) {
		try {
			if (!thread.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS)) {
				thread.shutdownNow();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public boolean isRunning() {
		return this.thread != null;
	}

	private void tick() {
		try {
			this.messages.listen();
			if (this.agent.news().isLeader()) {
				lead(this.agent.describe());
			}
			this.failure = null;
			if (!this.reachable) {
				this.reachable = true;
				logger.info("Other nodes can be reached again");
			}
		}
		catch (SharedStateException | IOException ex) {
			if (this.reachable) {
				this.reachable = false;
				logger.warn("Other nodes cannot be reached: " + ex.getMessage());
			}
		}
		catch (RuntimeException ex) {
			// the next one is to come all the same
			if (isRunning() && !ex.toString().equals(this.failure)) {
				this.failure = ex.toString();
				logger.error("What is to be done for other nodes has failed", ex);
			}
		}
	}

	private void lead(ClusterDescription cluster) {
		ReloadDescription own = Objects.requireNonNull(cluster.reload());
		this.nodes.tell(NodeDescription.of(this.self, cluster), own.state() == ReloadDescription.State.ROLLING);
		Nodes.Seen seen = this.nodes.all();
		List<UnreadableEntry> skipped = new ArrayList<>(seen.unreadable());
		try {
			this.turns.tick(seen.present(), own);
		}
		catch (UnreadableValueException ex) {
			skipped.add(UnreadableEntry.of(ex));
		}
		this.unreadable.log(skipped);
	}

}
