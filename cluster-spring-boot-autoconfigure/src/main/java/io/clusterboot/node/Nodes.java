package io.clusterboot.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.clusterboot.state.SharedState;
import io.clusterboot.state.SharedValue;

/**
 * The nodes that have said something of themselves lately. Thread-safe.
 */
final class Nodes {

	private static final String PREFIX = "io.clusterboot.node.";

	/** How much longer a node is listed that reloads. */
	private static final int RELOADING = 4;

	private final SharedState state;

	private final Duration expiry;

	private final Set<String> ids;

	Nodes(SharedState state, Duration expiry) {
		this.state = state;
		this.expiry = expiry;
		this.ids = state.set("io.clusterboot.nodes", String.class);
	}

	/**
	 * Say something of a node. While it reloads, its next sign of life may have to wait
	 * for a worker that is still to begin: a node that is only slow must not be taken for
	 * one that has gone.
	 * @param node the node
	 * @param reloading whether it reloads
	 */
	void tell(NodeDescription node, boolean reloading) {
		value(node.id()).set(node, reloading ? this.expiry.multipliedBy(RELOADING) : this.expiry);
		this.ids.add(node.id());
	}

	/**
	 * Those that live, as far as they have said so.
	 * @return the nodes, by id
	 */
	List<NodeDescription> all() {
		List<NodeDescription> nodes = new ArrayList<>();
		for (String id : this.ids.stream().sorted().toList()) {
			NodeDescription node = value(id).get();
			if (node != null) {
				nodes.add(node);
			}
			else {
				// one that comes back adds itself again
				this.ids.remove(id);
			}
		}
		return nodes;
	}

	private SharedValue<NodeDescription> value(String id) {
		return this.state.value(PREFIX + id, NodeDescription.class);
	}

}
