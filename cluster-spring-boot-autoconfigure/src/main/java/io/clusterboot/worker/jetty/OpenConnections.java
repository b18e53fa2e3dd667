package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;

import org.springframework.util.ClassUtils;

/**
 * The open connections of a connector, told apart by what they do.
 * <p>
 * Who wants to read from a connection in Jetty registers a callback, and whoever takes it
 * away, because there are bytes or because of a failure, is the one who goes on.
 */
final class OpenConnections {

	private static final boolean HTTP2 = ClassUtils.isPresent("org.eclipse.jetty.http2.HTTP2Connection",
			OpenConnections.class.getClassLoader());

	private final ServerConnector connector;

	private final Sessions sessions;

	OpenConnections(ServerConnector connector, Sessions sessions) {
		this.connector = connector;
		this.sessions = sessions;
	}

	int count() {
		return this.connector.getConnectedEndPoints().size();
	}

	int countIdle(Duration idle) {
		return (int) this.connector.getConnectedEndPoints()
			.stream()
			.filter((endPoint) -> isIdle(endPoint, idle))
			.count();
	}

	/**
	 * Close connections that are between two requests.
	 * @param idle least time for which nothing has happened on them
	 * @param atMost number of connections that may be closed
	 * @return the number of connections closed
	 */
	int closeIdle(Duration idle, int atMost) {
		int closed = 0;
		for (EndPoint endPoint : this.connector.getConnectedEndPoints()) {
			if (closed >= atMost) {
				break;
			}
			if (isIdle(endPoint, idle) && closeUnlessReadable(endPoint)) {
				closed++;
			}
		}
		return closed;
	}

	private boolean isIdle(EndPoint endPoint, Duration idle) {
		return isQuiet(endPoint, idle) && isBetweenRequests(innermost(endPoint));
	}

	/**
	 * Connections that negotiate what they become, as during a TLS handshake, have sent
	 * no request.
	 */
	private boolean isBetweenRequests(Connection connection) {
		if (!connection.getEndPoint().isFillInterested() || isHttp2(connection) || this.sessions.contains(connection)) {
			return false;
		}
		return !(connection instanceof HttpConnection http)
				|| http.getParser().isStart() && http.isRequestBufferEmpty();
	}

	/**
	 * The kernel is asked for bytes before anybody can say that there are none. Only what
	 * arrives between this and the close is lost.
	 */
	private static boolean closeUnlessReadable(EndPoint endPoint) {
		AbstractEndPoint inner = (AbstractEndPoint) innermost(endPoint).getEndPoint();
		if (isReadable(endPoint) || !inner.getFillInterest().onFail(new EofException("This worker leaves"))) {
			return false;
		}
		endPoint.close();
		return true;
	}

	/**
	 * Asked with a selector of its own, which takes nothing away from Jetty's.
	 */
	private static boolean isReadable(EndPoint endPoint) {
		SocketChannel channel = ((SocketChannelEndPoint) endPoint).getChannel();
		try (Selector selector = Selector.open()) {
			channel.register(selector, SelectionKey.OP_READ);
			return selector.selectNow() > 0;
		}
		catch (IOException ex) {
			return true;
		}
	}

	/**
	 * Close connections whose clients have been told already and do not close them:
	 * behind a last response, and those of HTTP/2 that have no stream.
	 */
	void closeFinished(Duration idle) {
		for (EndPoint endPoint : this.connector.getConnectedEndPoints()) {
			if (!isQuiet(endPoint, idle)) {
				continue;
			}
			Connection connection = innermost(endPoint);
			if (isHttp2(connection)) {
				Http2.closeIfIdle(connection);
			}
			else if (connection instanceof HttpConnection && connection.getEndPoint().isOutputShutdown()) {
				endPoint.close();
			}
		}
	}

	/**
	 * Send GOAWAY where it has not been sent yet.
	 */
	void goAway() {
		if (HTTP2) {
			this.connector.getConnectedEndPoints().forEach((endPoint) -> Http2.goAway(innermost(endPoint)));
		}
	}

	private static boolean isHttp2(Connection connection) {
		return HTTP2 && Http2.is(connection);
	}

	private static boolean isQuiet(EndPoint endPoint, Duration idle) {
		return endPoint instanceof SocketChannelEndPoint socket && socket.getIdleFor() >= idle.toMillis();
	}

	private static Connection innermost(EndPoint endPoint) {
		Connection connection = endPoint.getConnection();
		return (connection instanceof SslConnection ssl) ? ssl.getSslEndPoint().getConnection() : connection;
	}

}
