package io.clusterboot.worker.netty;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

import io.clusterboot.worker.netty.SharedConnection.Phase;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;

/**
 * The open connections of a server, told apart by what they do. What is decided about one
 * is decided on its event loop, between two things that happen on it.
 * <p>
 * Thread-safe.
 */
final class OpenConnections {

	private final Set<SharedConnection> connections = ConcurrentHashMap.newKeySet();

	void add(SharedConnection connection) {
		this.connections.add(connection);
		connection.closeFuture().addListener((closed) -> this.connections.remove(connection));
	}

	int count() {
		// one that was closed before it was registered tells nobody
		this.connections.removeIf((connection) -> !connection.isOpen());
		return this.connections.size();
	}

	int countSessions() {
		return count((connection) -> connection.phase() == Phase.SESSION);
	}

	int countIdle(Duration idle) {
		return count((connection) -> isIdle(connection, idle));
	}

	private int count(Predicate<SharedConnection> condition) {
		return (int) this.connections.stream()
			.filter((connection) -> connection.isOpen() && condition.test(connection))
			.count();
	}

	private static boolean isIdle(SharedConnection connection, Duration idle) {
		return connection.phase() == Phase.IDLE && connection.isQuiet(idle);
	}

	/**
	 * Have connections closed that are between two requests. Does not wait for it: an
	 * event loop may be busy. A connection that turns out not to be idle, when its turn
	 * comes, stays.
	 * @param idle least time for which nothing has happened on them
	 * @param atMost number of connections that may be closed
	 * @return the number of connections
	 */
	int closeIdle(Duration idle, int atMost) {
		int closed = 0;
		for (SharedConnection connection : this.connections) {
			if (closed >= atMost) {
				break;
			}
			if (isIdle(connection, idle) && connection.visit(() -> closeIfIdle(connection, idle))) {
				closed++;
			}
		}
		return closed;
	}

	/**
	 * What the kernel has received is a request that has begun to arrive.
	 */
	private static void closeIfIdle(SharedConnection connection, Duration idle) {
		if (isIdle(connection, idle) && !connection.isReadable()) {
			connection.close();
		}
	}

	/**
	 * Ask clients that speak HTTP/2 to open no more streams. Those that they have opened
	 * meanwhile are served.
	 */
	void goAway() {
		forEachHttp2((connection, codec) -> {
			if (!codec.connection().goAwaySent()) {
				connection.visit(() -> goAway(connection, codec));
			}
		});
	}

	private static void goAway(SharedConnection connection, Http2FrameCodec codec) {
		if (!codec.connection().goAwaySent()) {
			DefaultHttp2GoAwayFrame frame = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
			frame.setExtraStreamIds(Integer.MAX_VALUE);
			connection.writeAndFlush(frame);
		}
	}

	/**
	 * Close HTTP/2 connections that have no stream, and say which one was the last.
	 * @param idle least time for which nothing has happened on them
	 */
	void closeIdleHttp2(Duration idle) {
		forEachHttp2((connection, codec) -> {
			if (connection.isQuiet(idle)) {
				connection.visit(() -> closeIfIdle(connection, codec, idle));
			}
		});
	}

	private static void closeIfIdle(SharedConnection connection, Http2FrameCodec codec, Duration idle) {
		if (connection.isQuiet(idle) && codec.connection().numActiveStreams() == 0 && !connection.isReadable()) {
			connection.write(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
			connection.close();
		}
	}

	private void forEachHttp2(BiConsumer<SharedConnection, Http2FrameCodec> action) {
		for (SharedConnection connection : this.connections) {
			Http2FrameCodec codec = connection.isOpen() ? connection.http2() : null;
			if (codec != null) {
				action.accept(connection, codec);
			}
		}
	}

	/**
	 * Do something with connections that have left HTTP, on their event loops.
	 * @param action what is done
	 */
	void forEachSession(Consumer<SharedConnection> action) {
		for (SharedConnection connection : this.connections) {
			if (connection.phase() == Phase.SESSION) {
				connection.eventLoop().execute(() -> action.accept(connection));
			}
		}
	}

}
