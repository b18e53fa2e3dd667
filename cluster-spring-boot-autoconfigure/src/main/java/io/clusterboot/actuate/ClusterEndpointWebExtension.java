package io.clusterboot.actuate;

import java.io.IOException;

import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} that gives what the
 * {@link ClusterEndpoint} answers its HTTP status.
 */
@EndpointWebExtension(endpoint = ClusterEndpoint.class)
public class ClusterEndpointWebExtension {

	private final ClusterEndpoint delegate;

	/**
	 * Create an extension.
	 * @param delegate the endpoint
	 */
	public ClusterEndpointWebExtension(ClusterEndpoint delegate) {
		this.delegate = delegate;
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

}
