package io.clusterboot.messaging;

/**
 * The receiver has exited, or can be reached no more, before it replied or took a
 * message. Whether it has handled the message is not known.
 */
public class WorkerGoneException extends ClusterMessagingException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what was waited for, and which worker is gone
	 */
	public WorkerGoneException(String message) {
		super(message);
	}

}
