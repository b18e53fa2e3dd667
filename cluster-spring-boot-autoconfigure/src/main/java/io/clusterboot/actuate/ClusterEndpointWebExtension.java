package io.clusterboot.actuate;

import java.io.IOException;
import java.util.function.Supplier;

import io.clusterboot.ClusterProperties;
import io.clusterboot.control.PrimaryClusterControl;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.worker.WorkerAgent;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} that gives what the
 * {@link ClusterEndpoint} answers its HTTP status.
 */
@EndpointWebExtension(endpoint = ClusterEndpoint.class)
public class ClusterEndpointWebExtension {

	private final ClusterEndpoint delegate;

	private final ClusterOperations operations;

	/**
	 * Create an extension.
	 * @param delegate the endpoint
	 * @param agent knows how to reach the primary
	 * @param properties the cluster's configuration
	 * @param nodes the other clusters of the application, if they can be known
	 */
	public ClusterEndpointWebExtension(ClusterEndpoint delegate, WorkerAgent agent, ClusterProperties properties,
			Supplier<@Nullable ClusterNodes> nodes) {
		this.delegate = delegate;
		this.operations = new ClusterOperations(new PrimaryClusterControl(agent), agent.requests(),
				properties.mostWorkers(), nodes);
	}

	/**
	 * The whole cluster.
	 * @return 200, or 503 with what is known if the primary does not answer in time
	 */
	@ReadOperation
	public WebEndpointResponse<ClusterDescriptor> cluster() {
		ClusterDescriptor cluster = this.delegate.cluster();
		return new WebEndpointResponse<>(cluster,
				cluster.isComplete() ? WebEndpointResponse.STATUS_OK : WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
	}

	/**
	 * One worker.
	 * @param id id of the worker
	 * @return 200, 404 if there is no such worker, or 503 if the primary does not answer
	 * in time
	 */
	@ReadOperation
	public WebEndpointResponse<Object> worker(@Selector int id) {
		try {
			WorkerDescriptor worker = this.delegate.worker(id);
			return (worker != null) ? new WebEndpointResponse<>(worker)
					: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
		}
		catch (IOException ex) {
			return new WebEndpointResponse<>(this.delegate.cluster(), WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
		}
	}

	/**
	 * Change the cluster.
	 * @param operation {@code reload}, {@code abort}, {@code restart} or {@code scale}
	 * @param workers for {@code scale}, the number of workers that there should be
	 * @param id for {@code restart}, the worker's id
	 * @param wait for {@code reload} and {@code restart}, how long to hold the answer
	 * until the outcome is known, as in {@code 2m}
	 * @param scope for {@code reload}, {@code node}, or {@code all} for all nodes that
	 * share a Redis, one after the other
	 * @return 202 when the primary has taken note; with {@code wait} 200 when workers
	 * have been replaced, 500 when they have not, 504 when that is not known in time; 400
	 * for wrong parameters, 404 for an unknown operation or worker, 409 if the command
	 * does not go with what the cluster is doing, 503 if the primary does not answer
	 */
	@WriteOperation
	public WebEndpointResponse<Object> change(@Selector String operation, @Nullable String workers, @Nullable String id,
			@Nullable String wait, @Nullable String scope) {
		return this.operations.run(operation, workers, id, wait, scope);
	}

}
