package io.clusterboot.worker.jetty;

import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;

/**
 * How connections of HTTP/2 end. Must not be touched unless it is on the class path.
 */
final class Http2 {

	/**
	 * Higher than that of any stream there is. With the very highest, which says that
	 * another GOAWAY will follow, Jetty lets that follow at once when there is no stream,
	 * and refuses the request that may be on its way.
	 */
	private static final int ANY_STREAM = Integer.MAX_VALUE - 2;

	private Http2() {
	}

	static boolean is(Connection connection) {
		return connection instanceof HTTP2Connection;
	}

	/**
	 * Ask the client to open no more streams, once the settings, which have to come
	 * first, have been sent. Streams that it opens nevertheless are served.
	 */
	static void goAway(Connection connection) {
		if (connection instanceof HTTP2Connection http2) {
			HTTP2Session session = http2.getSession();
			if (!session.isClosed() && session.getBytesWritten() > 0) {
				session.goAway(new GoAwayFrame(ANY_STREAM, ErrorCode.NO_ERROR.code, new byte[0]), Callback.NOOP);
			}
		}
	}

	/**
	 * Close a connection that has no stream.
	 */
	static void closeIfIdle(Connection connection) {
		HTTP2Session session = ((HTTP2Connection) connection).getSession();
		if (session.getStreams().isEmpty()) {
			EndPoint endPoint = session.getEndPoint();
			session.close(ErrorCode.NO_ERROR.code, null, Callback.from(endPoint::close));
		}
	}

}
