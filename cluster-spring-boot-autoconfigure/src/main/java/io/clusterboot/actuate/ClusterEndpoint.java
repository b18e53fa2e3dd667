package io.clusterboot.actuate;

import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;

import io.clusterboot.actuate.ClusterDescriptor.AnsweredBy;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.node.NodeDescription;
import io.clusterboot.node.NodesDescription;
import io.clusterboot.node.NodesReload;
import io.clusterboot.node.UnreadableEntry;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.state.SharedStateException;
import io.clusterboot.worker.WorkerAgent;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * {@link Endpoint @Endpoint} that shows the cluster: asked of any worker, it answers for
 * all of them.
 */
@Endpoint(id = "cluster", defaultAccess = Access.READ_ONLY)
public class ClusterEndpoint {

	private final WorkerAgent agent;

	private final @Nullable String application;

	private final Supplier<@Nullable ClusterNodes> nodes;

	/**
	 * Create an endpoint.
	 * @param agent knows how to ask the primary
	 * @param application name of the application
	 * @param nodes the other clusters of the application, if they can be known
	 */
	public ClusterEndpoint(WorkerAgent agent, @Nullable String application, Supplier<@Nullable ClusterNodes> nodes) {
		this.agent = agent;
		this.application = application;
		this.nodes = nodes;
	}

	/**
	 * The whole cluster.
	 * @return what the primary says, or what this worker knows if it does not answer
	 */
	@ReadOperation
	public ClusterDescriptor cluster() {
		OtherClusters others = others();
		try {
			return describe(this.agent.describe(), others);
		}
		catch (IOException ex) {
			return unknown(ex, others);
		}
	}

	private OtherClusters others() {
		ClusterNodes known = this.nodes.get();
		try {
			return (known != null) ? OtherClusters.of(known.describe()) : OtherClusters.UNKNOWN;
		}
		catch (SharedStateException ex) {
			return OtherClusters.UNKNOWN;
		}
	}

	/**
	 * This cluster alone, without asking Redis for the others.
	 */
	ClusterDescriptor describe(ClusterDescription cluster) {
		return describe(cluster, OtherClusters.UNKNOWN);
	}

	private ClusterDescriptor describe(ClusterDescription cluster, OtherClusters others) {
		return new ClusterDescriptor(this.application, answeredBy(), cluster.primary(), cluster.configuredWorkers(),
				cluster.readyWorkers(), cluster.listeners(), cluster.builds(), cluster.reload(), cluster.handOvers(),
				cluster.workers(), cluster.redis(), others.nodes(), others.reload(), others.unreadable(), null);
	}

	ClusterDescriptor unknown(IOException cause) {
		return unknown(cause, OtherClusters.UNKNOWN);
	}

	private ClusterDescriptor unknown(IOException cause, OtherClusters others) {
		return new ClusterDescriptor(this.application, answeredBy(), null, null, null, null, null, null, null, null,
				null, others.nodes(), others.reload(), others.unreadable(), cause.getMessage());
	}

	private AnsweredBy answeredBy() {
		WorkerIdentity identity = this.agent.identity();
		return new AnsweredBy(identity.id(), identity.index(), ProcessHandle.current().pid());
	}

	/**
	 * One worker.
	 * @param id id of the worker
	 * @return the worker, or {@code null} if there is none with that id
	 * @throws IOException if the primary does not answer
	 */
	@ReadOperation
	public @Nullable WorkerDescriptor worker(@Selector int id) throws IOException {
		return this.agent.describe()
			.workers()
			.stream()
			.filter((worker) -> worker.id() == id)
			.findAny()
			.map(WorkerDescriptor::new)
			.orElse(null);
	}

	private record OtherClusters(@Nullable List<NodeDescription> nodes, @Nullable NodesReload reload,
			@Nullable List<UnreadableEntry> unreadable) {

		static final OtherClusters UNKNOWN = new OtherClusters(null, null, null);

		static OtherClusters of(NodesDescription nodes) {
			return new OtherClusters(nodes.nodes(), nodes.reload(),
					nodes.unreadable().isEmpty() ? null : nodes.unreadable());
		}

	}

}
