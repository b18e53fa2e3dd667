package io.clusterboot.actuate;

import java.util.List;

import io.clusterboot.node.NodeDescription;
import io.clusterboot.node.NodesReload;
import io.clusterboot.node.UnreadableEntry;
import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.ClusterDescription.Listener;
import io.clusterboot.protocol.ClusterDescription.PrimaryDescription;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import io.clusterboot.protocol.ClusterDescription.WorkerDescription;
import io.clusterboot.protocol.ReloadDescription;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What the {@code cluster} endpoint answers.
 *
 * @param application value of {@code spring.application.name}
 * @param answeredBy the worker that took the request
 * @param primary the primary's process; missing if it did not answer
 * @param configuredWorkers number of workers that there should be; missing if the primary
 * did not answer
 * @param readyWorkers number of workers that accept connections; missing if the primary
 * did not answer
 * @param listeners the sockets that the workers share; missing if the primary did not
 * answer
 * @param builds what the workers run, oldest first; missing if the primary did not answer
 * @param reload the reload under way, or else the last one; missing if the primary did
 * not answer
 * @param handOvers the connections that have moved from one worker to another; missing if
 * the primary did not answer
 * @param workers the workers, by index and id; missing if the primary did not answer
 * @param redis the Redis that the cluster runs; missing if it runs none
 * @param nodes the clusters of the same application that share a Redis, this one among
 * them; missing if there is no such Redis, or it cannot be reached
 * @param nodesReload the reload of all nodes that is under way, or the last one; missing
 * if there is none
 * @param nodesUnreadable what is skipped of what nodes have in that Redis; missing if all
 * of it can be read
 * @param error why the primary did not answer
 */
public record ClusterDescriptor(@Nullable String application, AnsweredBy answeredBy,
		@Nullable PrimaryDescription primary, @Nullable Integer configuredWorkers, @Nullable Integer readyWorkers,
		@Nullable List<Listener> listeners, @Nullable List<String> builds, @Nullable ReloadDescription reload,
		@Nullable HandOverDescription handOvers, @Nullable List<WorkerDescription> workers,
		@Nullable RedisDescription redis, @Nullable List<NodeDescription> nodes, @Nullable NodesReload nodesReload,
		@Nullable List<UnreadableEntry> nodesUnreadable, @Nullable String error) implements OperationResponseBody {

	/**
	 * The worker that took the request.
	 *
	 * @param id its id
	 * @param index its index
	 * @param pid its process id
	 */
	public record AnsweredBy(int id, int index, long pid) {
	}

	boolean isComplete() {
		return this.error == null;
	}

}
