package io.clusterboot.worker;

import java.nio.channels.SocketChannel;

import io.clusterboot.protocol.KeptConnection;

/**
 * A web server that takes over connections which other workers have kept alive.
 */
public interface ConnectionAdopter {

	/**
	 * Make room for one connection.
	 * @return whether there is room
	 */
	boolean reserve();

	/**
	 * Give the room for one connection back.
	 */
	void release();

	/**
	 * Serve a connection, for which room has been made, that is between two requests.
	 * Bytes may have arrived on it which nobody has read.
	 * @param connection the connection, owned by the server from now on
	 * @param kept what it takes along
	 */
	void adopt(SocketChannel connection, KeptConnection kept);

}
