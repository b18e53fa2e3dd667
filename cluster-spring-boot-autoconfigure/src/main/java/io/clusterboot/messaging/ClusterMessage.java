package io.clusterboot.messaging;

/**
 * Where a message comes from: an optional parameter of {@link ClusterMessageListener}
 * methods.
 *
 * @param sender id of the worker that has sent it
 * @param topic what it is about
 * @param replyExpected whether the sender waits for a reply
 */
public record ClusterMessage(int sender, String topic, boolean replyExpected) {
}
