package io.clusterboot.messaging;

/**
 * A message has not been sent: what was sent to the same receiver before has not been
 * taken for as long as whoever sends may wait.
 */
public class ReceiverBusyException extends MessageNotDeliveredException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message which message, and what is in its way
	 */
	public ReceiverBusyException(String message) {
		super(message);
	}

}
