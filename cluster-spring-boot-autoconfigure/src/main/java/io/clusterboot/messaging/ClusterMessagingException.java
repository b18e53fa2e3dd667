package io.clusterboot.messaging;

import org.jspecify.annotations.Nullable;

/**
 * A message has not reached its receiver, or a reply has not come back. The message says
 * which and why.
 */
public class ClusterMessagingException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what has failed, where and why
	 */
	public ClusterMessagingException(String message) {
		super(message);
	}

	/**
	 * Create an exception.
	 * @param message what has failed, where and why
	 * @param cause the cause
	 */
	public ClusterMessagingException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
