package io.clusterboot.actuate;

import java.io.IOException;

import io.clusterboot.actuate.ClusterDescriptor.AnsweredBy;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.WorkerIdentity;
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

	/**
	 * Create an endpoint.
	 * @param agent knows how to ask the primary
	 * @param application name of the application
	 */
	public ClusterEndpoint(WorkerAgent agent, @Nullable String application) {
		this.agent = agent;
		this.application = application;
	}

	/**
	 * The whole cluster.
	 * @return what the primary says, or what this worker knows if it does not answer
	 */
	@ReadOperation
	public ClusterDescriptor cluster() {
		try {
			return describe(this.agent.describe());
		}
		catch (IOException ex) {
			return unknown(ex);
		}
	}

	ClusterDescriptor describe(ClusterDescription cluster) {
		return new ClusterDescriptor(this.application, answeredBy(), cluster.primary(), cluster.configuredWorkers(),
				cluster.readyWorkers(), cluster.listeners(), cluster.builds(), cluster.reload(), cluster.handOvers(),
				cluster.workers(), cluster.redis(), null);
	}

	ClusterDescriptor unknown(IOException cause) {
		return new ClusterDescriptor(this.application, answeredBy(), null, null, null, null, null, null, null, null,
				null, cause.getMessage());
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

}
