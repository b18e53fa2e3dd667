package io.clusterboot.worker;

import java.nio.channels.SocketChannel;

import io.clusterboot.protocol.KeptConnection;

/**
 * A web server that takes over connections which other workers have kept alive.
 */
public interface ConnectionAdopter {

	/**
	 * Whether the server can have one connection more.
	 * @return whether it can
	 */
	boolean hasRoom();

	/**
	 * Serve a connection that is between two requests. Bytes may have arrived on it which
	 * nobody has read.
	 * @param connection the connection, owned by the server from now on
	 * @param kept what it takes along
	 */
	void adopt(SocketChannel connection, KeptConnection kept);

}
