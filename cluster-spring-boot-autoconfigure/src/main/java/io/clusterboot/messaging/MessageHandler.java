package io.clusterboot.messaging;

import java.util.concurrent.CompletionStage;

import io.clusterboot.protocol.Envelope.Delivery;

/**
 * Handles what other processes send through a channel.
 */
public interface MessageHandler {

	/**
	 * Read a message, before its sender is told that it has been taken.
	 * @param message the message
	 * @param payload what is in it
	 * @return what handles it
	 * @throws ClusterMessagingException if it cannot be handled, which its sender is told
	 */
	Handling open(Delivery message, byte[] payload);

	/**
	 * What becomes of one message.
	 */
	interface Handling {

		/**
		 * Handle the message. Those of one sender are handled one after the other, as far
		 * as this method does not return before that is done.
		 * @return completes with the reply as JSON, or with what has failed
		 * @throws Exception if it fails
		 */
		CompletionStage<byte[]> handle() throws Exception;

		/**
		 * Nobody waits for the reply any more. May come at any time, also before and
		 * after the message is handled.
		 */
		default void cancel() {
		}

	}

}
