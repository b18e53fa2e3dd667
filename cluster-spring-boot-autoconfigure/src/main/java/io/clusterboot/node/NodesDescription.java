package io.clusterboot.node;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What is known of the clusters of one application.
 *
 * @param nodes the nodes that live, this one among them, as they have said last, by id
 * @param reload the reload of all nodes that is under way, or the last one; {@code null}
 * if there has been none, or it cannot be read
 * @param unreadable what is skipped
 */
public record NodesDescription(List<NodeDescription> nodes, @Nullable NodesReload reload,
		List<UnreadableEntry> unreadable) {

}
