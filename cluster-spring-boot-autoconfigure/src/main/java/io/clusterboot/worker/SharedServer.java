package io.clusterboot.worker;

import java.time.Duration;

/**
 * A web server, or one connector of it, that listens on a shared socket: what a worker
 * has to know of it to drain. One implementation for each kind of server.
 * <p>
 * The connections of a server fall into three kinds. An <em>idle</em> one is between two
 * requests: the client has sent nothing that is not answered yet. A <em>session</em> has
 * left HTTP, as a WebSocket does, and ends when its two ends want it to. All others have
 * a request: it is arriving, is processed, or its response is being written.
 */
public interface SharedServer {

	/**
	 * Stop to accept, and ask clients to close: with {@code Connection: close} in the
	 * last response that a client waits for, or with GOAWAY in HTTP/2. Requests are still
	 * answered. A drain repeats this, for connections that could not be told before.
	 */
	void closeGracefully();

	/**
	 * Begin to hand connections over that are between two requests, as many as
	 * {@link ConnectionMoves} says. Does not wait for it. A server that cannot do this
	 * keeps its connections.
	 */
	default void handOver() {
	}

	/**
	 * The number of open connections.
	 * @return the number
	 */
	int connections();

	/**
	 * The number of idle connections that wait to be closed by {@link #closeIdle}.
	 * @param idle least time for which nothing has happened on them
	 * @return the number
	 */
	int idleConnections(Duration idle);

	/**
	 * Close idle connections. One on which bytes have arrived is not idle, whether or not
	 * anybody has looked at them. Connections whose clients have been told already, as by
	 * GOAWAY, are closed beyond the number that is allowed.
	 * @param idle least time for which nothing has happened on them
	 * @param atMost number of connections that may be closed
	 * @return the number of connections closed, those beyond not included
	 */
	int closeIdle(Duration idle, int atMost);

	/**
	 * The number of sessions.
	 * @return the number
	 */
	int sessions();

	/**
	 * Have all end that does not end by itself: sessions with the goodbye that their
	 * protocol knows (1001 for WebSockets), requests that wait asynchronously with the
	 * end of their response. Does not wait for it.
	 */
	void endLongLived();

}
