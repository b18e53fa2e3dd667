package io.clusterboot.protocol;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * What a server asked to bind: the key under which the cluster shares one socket.
 *
 * @param host address in text, {@code *} for the wildcard address
 * @param port port, 0 for one that the kernel chooses
 * @param occurrence tells apart the sockets of one worker that ask for the same address
 * with port 0, from 0; every worker's first gets the same port, every worker's second
 * another one
 */
public record ListenAddress(String host, int port, int occurrence) {

	private static final String WILDCARD = "*";

	/**
	 * The key of a socket address.
	 * @param address the address
	 * @param occurrence see above
	 * @return the key
	 */
	public static ListenAddress of(InetSocketAddress address, int occurrence) {
		InetAddress ip = address.getAddress();
		String host = (ip == null || ip.isAnyLocalAddress()) ? WILDCARD : ip.getHostAddress();
		return new ListenAddress(host, address.getPort(), occurrence);
	}

	/**
	 * This address with the port that the cluster has got for it.
	 * @param bound the port
	 * @return the address to bind
	 */
	public InetSocketAddress at(int bound) {
		return (this.host.equals(WILDCARD)) ? new InetSocketAddress(bound) : new InetSocketAddress(this.host, bound);
	}

	@Override
	public String toString() {
		return this.host + ":" + this.port;
	}

}
