package io.clusterboot.state;

/**
 * The application wants shared state, and there is no Redis for it.
 */
public final class NoRedisException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message what is missing
	 */
	public NoRedisException(String message) {
		super(message);
	}

}
