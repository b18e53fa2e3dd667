package io.clusterboot.worker;

import org.springframework.boot.web.server.WebServerFactory;

/**
 * The web servers of one kind, which can listen on shared sockets.
 */
public interface SharableServers {

	/**
	 * Whether a factory makes such servers.
	 * @param factory the factory
	 * @return whether it does
	 */
	boolean includes(WebServerFactory factory);

}
