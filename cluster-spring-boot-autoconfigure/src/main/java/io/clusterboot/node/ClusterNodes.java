package io.clusterboot.node;

import java.io.IOException;
import java.time.Duration;
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

	private volatile @Nullable ScheduledExecutorService thread;

	private boolean reachable = true;

	/**
	 * Create nodes.
	 * @param self this node
	 * @param agent this worker
	 * @param state what the nodes share
	 * @param messages what they tell each other
	 * @param heartbeat time between two signs of life
	 */
	public ClusterNodes(NodeIdentity self, WorkerAgent agent, RedisSharedState state, NodeMessages messages,
			Duration heartbeat) {
		this.self = self;
		this.agent = agent;
		this.heartbeat = heartbeat;
		this.messages = messages;
		this.nodes = new Nodes(state, heartbeat.multipliedBy(MISSED));
		PrimaryClusterControl control = new PrimaryClusterControl(agent);
		this.turns = new ReloadTurns(self.id(), state, () -> control.reload(TRIGGER).join());
	}

	/**
	 * The nodes that live, this one among them, as they have said last.
	 * @return the nodes, by id
	 * @throws SharedStateException if Redis cannot be reached
	 */
	public List<NodeDescription> nodes() {
		return this.nodes.all();
	}

	/**
	 * The reload of all nodes that is under way, or the last one.
	 * @return the reload, or {@code null} if there has been none
	 * @throws SharedStateException if Redis cannot be reached
	 */
	public @Nullable NodesReload reload() {
		return this.turns.current();
	}

	/**
	 * Reload all nodes that live, one after the other.
	 * @return what has begun
	 * @throws SharedStateException if Redis cannot be reached
	 * @throws IllegalStateException if another one is under way
	 */
	public NodesReload reloadAll() {
		NodesReload reload = this.turns.request(nodes().stream().map(NodeDescription::id).toList());
		if (reload == null) {
			throw new IllegalStateException("Another reload of all nodes is under way: look at 'nodesReload'");
		}
		return reload;
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
			if (isRunning()) {
				logger.error("What is to be done for other nodes has failed", ex);
			}
		}
	}

	private void lead(ClusterDescription cluster) {
		ReloadDescription own = Objects.requireNonNull(cluster.reload());
		this.nodes.tell(NodeDescription.of(this.self, cluster), own.state() == ReloadDescription.State.ROLLING);
		this.turns.tick(nodes().stream().map(NodeDescription::id).toList(), own);
	}

}
