package io.clusterboot.protocol;

/**
 * Where the cluster's Redis listens.
 *
 * @param port port on the loopback address
 * @param password password of the default user
 */
public record RedisEndpoint(int port, String password) {

	/**
	 * The loopback address that it listens on.
	 */
	public static final String HOST = "127.0.0.1";

	/**
	 * Without the password, which is not to end up in a log.
	 */
	@Override
	public String toString() {
		return HOST + ":" + this.port;
	}

}
