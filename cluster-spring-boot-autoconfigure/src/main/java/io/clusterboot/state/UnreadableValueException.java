package io.clusterboot.state;

/**
 * What is in Redis under a key is not what is expected there.
 */
public final class UnreadableValueException extends Exception {

	private static final long serialVersionUID = 1L;

	private final String key;

	private final String reason;

	/**
	 * Create an exception.
	 * @param key the key in Redis
	 * @param reason what is wrong with it, without anything of the content
	 */
	public UnreadableValueException(String key, String reason) {
		super(reason);
		this.key = key;
		this.reason = reason;
	}

	/**
	 * The key in Redis.
	 * @return the key, which may have any characters
	 */
	public String key() {
		return this.key;
	}

	/**
	 * What is wrong.
	 * @return the reason, which says nothing of the content
	 */
	public String reason() {
		return this.reason;
	}

}
