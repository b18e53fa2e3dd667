package io.clusterboot.messaging;

/**
 * A message has not been delivered, and is not going to be: there is no such worker, it
 * accepts no messages, it has no listener, or it cannot read the payload.
 */
public class MessageNotDeliveredException extends ClusterMessagingException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message which message, to whom, and why not
	 */
	public MessageNotDeliveredException(String message) {
		super(message);
	}

}
