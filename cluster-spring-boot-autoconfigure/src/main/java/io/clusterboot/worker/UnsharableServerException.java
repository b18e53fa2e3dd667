package io.clusterboot.worker;

/**
 * A web server cannot listen on a socket that workers share.
 */
public final class UnsharableServerException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create an exception.
	 * @param message which server, and why
	 */
	public UnsharableServerException(String message) {
		super(message);
	}

}
