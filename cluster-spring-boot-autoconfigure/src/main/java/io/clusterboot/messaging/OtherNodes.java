package io.clusterboot.messaging;

/**
 * The way to the workers of other nodes.
 */
public interface OtherNodes {

	/**
	 * Send a message to all of them.
	 * @param worker id of the worker that sends it
	 * @param topic what it is about
	 * @param payload the content, as JSON
	 * @throws ClusterMessagingException if it cannot be sent
	 */
	void broadcast(int worker, String topic, byte[] payload);

}
