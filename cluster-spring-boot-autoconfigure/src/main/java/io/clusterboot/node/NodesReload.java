package io.clusterboot.node;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A reload of all nodes, one after the other.
 *
 * @param id names it
 * @param pending nodes whose turn is now or comes yet, in that order
 * @param done nodes whose workers have been replaced
 * @param gone nodes that were not there any more when their turn came
 * @param refused nodes that take no commands from others
 * @param failed the node at which it has ended, since a worker of it could not be
 * replaced
 */
public record NodesReload(String id, List<String> pending, List<String> done, List<String> gone, List<String> refused,
		@JsonInclude @Nullable String failed) {

	public NodesReload {
		Objects.requireNonNull(id);
		pending = List.copyOf(pending);
		done = List.copyOf(done);
		gone = List.copyOf(gone);
		refused = List.copyOf(refused);
	}

	static NodesReload of(String id, List<String> nodes) {
		return new NodesReload(id, nodes, List.of(), List.of(), List.of(), null);
	}

	NodesReload withDone(String node) {
		return new NodesReload(this.id, without(this.pending, node), with(this.done, node), this.gone, this.refused,
				null);
	}

	NodesReload withGone(String node) {
		return new NodesReload(this.id, without(this.pending, node), this.done, with(this.gone, node), this.refused,
				null);
	}

	NodesReload withRefused(String node) {
		return new NodesReload(this.id, without(this.pending, node), this.done, this.gone, with(this.refused, node),
				null);
	}

	NodesReload withFailed(String node) {
		return new NodesReload(this.id, List.of(), this.done, this.gone, this.refused, node);
	}

	boolean isOver() {
		return this.pending.isEmpty();
	}

	private static List<String> with(List<String> nodes, String node) {
		List<String> more = new ArrayList<>(nodes);
		more.add(node);
		return more;
	}

	private static List<String> without(List<String> nodes, String node) {
		return nodes.stream().filter((other) -> !other.equals(node)).toList();
	}

}
