package io.clusterboot.messaging;

/**
 * A message has not been delivered, and is not going to be: there is no such worker, it
 * accepts no messages, it has no listener, or it cannot read the payload.
 */
public class MessageNotDeliveredException extends ClusterMessagingException {

	private static final long serialVersionUID = 1L;

	/** No worker has refused it. */
	private static final int NOBODY = -1;

	private final int worker;

	/**
	 * Create an exception.
	 * @param message which message, to whom, and why not
	 */
	public MessageNotDeliveredException(String message) {
		this(message, NOBODY);
	}

	/**
	 * Create an exception.
	 * @param message which message, to whom, and why not
	 * @param worker id of the worker that has not got it
	 */
	public MessageNotDeliveredException(String message, int worker) {
		super(message);
		this.worker = worker;
	}

	/**
	 * Who has not got it.
	 * @return id of a worker, or a negative number if it was sent to none
	 */
	public int worker() {
		return this.worker;
	}

}
