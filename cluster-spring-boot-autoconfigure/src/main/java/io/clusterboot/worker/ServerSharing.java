package io.clusterboot.worker;

import org.springframework.boot.web.server.ConfigurableWebServerFactory;

/**
 * Makes the servers of one kind share their sockets.
 */
public interface ServerSharing {

	/**
	 * Whether the servers of a factory are of this kind.
	 * @param factory the factory
	 * @return whether they are
	 */
	boolean covers(ConfigurableWebServerFactory factory);

}
