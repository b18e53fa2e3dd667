package io.clusterboot.messaging;

import org.jspecify.annotations.Nullable;

/**
 * Where a message comes from: an optional parameter of {@link ClusterMessageListener}
 * methods.
 *
 * @param sender id of the worker that has sent it
 * @param node the node of that worker, or {@code null} if it is this one
 * @param topic what it is about
 * @param replyExpected whether the sender waits for a reply
 */
public record ClusterMessage(int sender, @Nullable String node, String topic, boolean replyExpected) {
}
