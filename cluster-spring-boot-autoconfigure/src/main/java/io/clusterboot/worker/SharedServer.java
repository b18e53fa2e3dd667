package io.clusterboot.worker;

/**
 * A web server, or one connector of it, that listens on a shared socket: what a worker
 * has to know of it to drain. One implementation for each kind of server.
 */
public interface SharedServer {

	/**
	 * Stop to accept, and have every response from now on ask the client to close: with
	 * {@code Connection: close}, or with GOAWAY in HTTP/2. Requests are still answered.
	 */
	void closeGracefully();

	/**
	 * The number of open connections.
	 * @return the number
	 */
	int connections();

}
