package io.clusterboot.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.UnreadableValueException;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;

/**
 * The nodes that have said something of themselves lately. Thread-safe.
 */
final class Nodes {

	private static final String PREFIX = "io.clusterboot.node.";

	private static final String IDS = "io.clusterboot.nodes";

	/** How much longer a node is listed that reloads. */
	private static final int RELOADING = 4;

	/** Most names that are looked at. */
	private static final int MOST = 1000;

	private final RedisSharedState state;

	private final Duration expiry;

	private final Set<String> ids;

	Nodes(RedisSharedState state, Duration expiry) {
		this.state = state;
		this.expiry = expiry;
		this.ids = state.texts(IDS);
	}

	/**
	 * What there is of nodes.
	 *
	 * @param nodes those that can be read, by id
	 * @param present the ids of these, and of those that cannot be read: they live, too
	 * @param unreadable what cannot be read
	 */
	record Seen(List<NodeDescription> nodes, List<String> present, List<UnreadableEntry> unreadable) {

	}

	/**
	 * Say something of a node. While it reloads, its next sign of life may have to wait
	 * for a worker that is still to begin: a node that is only slow must not be taken for
	 * one that has gone.
	 * @param node the node
	 * @param reloading whether it reloads
	 */
	void tell(NodeDescription node, boolean reloading) {
		entry(node.id()).set(node, reloading ? this.expiry.multipliedBy(RELOADING) : this.expiry);
		try {
			this.ids.add(node.id());
		}
		catch (DataAccessException ex) {
			// who looks at the names says that they are no set
		}
	}

	/**
	 * Those that live, as far as they have said so.
	 * @return the nodes, by id
	 */
	Seen all() {
		Seen seen = new Seen(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
		try {
			for (String id : this.ids.stream().limit(MOST).sorted().toList()) {
				look(id, seen);
			}
		}
		catch (DataAccessException ex) {
			seen.unreadable().add(new UnreadableEntry(IDS, "it is not a set of names in Redis"));
		}
		return seen;
	}

	private void look(String id, Seen seen) {
		if (!Names.isValid(id)) {
			seen.unreadable()
				.add(new UnreadableEntry(Names.printable(id),
						"it is in the set %s, but no name of a node".formatted(IDS)));
			return;
		}
		try {
			NodeDescription node = read(id);
			if (node == null) {
				// one that comes back adds itself again
				this.ids.remove(id);
				return;
			}
			seen.nodes().add(node);
		}
		catch (UnreadableValueException ex) {
			seen.unreadable().add(UnreadableEntry.of(ex));
		}
		seen.present().add(id);
	}

	private @Nullable NodeDescription read(String id) throws UnreadableValueException {
		Entry<NodeDescription> entry = entry(id);
		NodeDescription node = entry.get();
		if (node != null && !node.id().equals(id)) {
			throw entry.unreadable("it is of a node of another name");
		}
		return node;
	}

	private Entry<NodeDescription> entry(String id) {
		return new Entry<>(this.state, PREFIX + id, NodeDescription.class);
	}

}
