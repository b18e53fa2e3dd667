package io.clusterboot.actuate;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import io.clusterboot.control.ClusterControl;
import io.clusterboot.control.PrimaryClusterControl;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.jmx.annotation.EndpointJmxExtension;

/**
 * {@link EndpointJmxExtension @EndpointJmxExtension} with the operations that change the
 * cluster. Each returns when the primary has taken note.
 */
@EndpointJmxExtension(endpoint = ClusterEndpoint.class)
public class ClusterEndpointJmxExtension {

	private static final String TRIGGER = "JMX";

	private final PrimaryClusterControl control;

	/**
	 * Create an extension.
	 * @param agent knows how to reach the primary
	 */
	public ClusterEndpointJmxExtension(WorkerAgent agent) {
		this.control = new PrimaryClusterControl(agent);
	}

	/**
	 * Replace all workers.
	 * @return the reload
	 * @see ClusterControl#reload()
	 */
	@WriteOperation
	public ReloadDescription reload() {
		return get(this.control.reload(TRIGGER));
	}

	/**
	 * End the reload under way after its current step.
	 * @return the reload
	 * @see ClusterControl#abort()
	 */
	@WriteOperation
	public ReloadDescription abort() {
		return get(this.control.abort());
	}

	/**
	 * Replace one worker.
	 * @param id its id
	 * @return the restart
	 * @see ClusterControl#restart(int)
	 */
	@WriteOperation
	public ReloadDescription restart(int id) {
		return get(this.control.restart(id, TRIGGER));
	}

	/**
	 * Change the number of workers.
	 * @param workers the number that there should be
	 * @return the number, as {@code configuredWorkers}: what an operation returns over
	 * JMX has to be an object
	 * @see ClusterControl#scale(int)
	 */
	@WriteOperation
	public Map<String, Integer> scale(int workers) {
		return Map.of("configuredWorkers", get(this.control.scale(workers)));
	}

	/**
	 * A client over JMX does not have the classes of this project, and is told the reason
	 * with one that it has.
	 */
	private static <T> T get(CompletableFuture<T> answer) {
		try {
			return answer.join();
		}
		catch (CompletionException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			throw new IllegalStateException(cause.getMessage());
		}
	}

}
