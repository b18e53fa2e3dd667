package io.clusterboot.metrics;

/**
 * A worker has not told its meters.
 */
public final class NoAnswerException extends Exception {

	private static final long serialVersionUID = 1L;

	NoAnswerException(String message, Throwable cause) {
		super(message, cause);
	}

}
