package io.clusterboot.node;

import java.util.List;
import java.util.Objects;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ReloadDescription;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of itself.
 *
 * @param id its name
 * @param host name of its machine
 * @param primary process id of its primary
 * @param configuredWorkers number of workers that there should be
 * @param readyWorkers number of workers that accept connections
 * @param builds what the workers run, oldest first
 * @param reload state of the reload under way, or else of the last one
 * @param workers its workers
 */
public record NodeDescription(String id, String host, long primary, int configuredWorkers, int readyWorkers,
		List<String> builds, ReloadDescription.State reload, List<NodeWorker> workers) {

	public NodeDescription {
		Objects.requireNonNull(id);
		Objects.requireNonNull(host);
		Objects.requireNonNull(reload);
		builds = List.copyOf(builds);
		workers = List.copyOf(workers);
	}

	/**
	 * A worker of a node.
	 *
	 * @param id number that no other worker of the node has or had
	 * @param index place in the node
	 * @param pid process id
	 * @param state where it is in its life
	 * @param build what it runs
	 */
	public record NodeWorker(int id, int index, long pid, String state, @JsonInclude @Nullable String build) {

		public NodeWorker {
			Objects.requireNonNull(state);
		}

	}

	static NodeDescription of(NodeIdentity node, ClusterDescription cluster) {
		return new NodeDescription(node.id(), node.host(), cluster.primary().pid(), cluster.configuredWorkers(),
				cluster.readyWorkers(), cluster.builds(), cluster.reload().state(),
				cluster.workers()
					.stream()
					.map((worker) -> new NodeWorker(worker.id(), worker.index(), worker.pid(), worker.state().name(),
							worker.build()))
					.toList());
	}

}
