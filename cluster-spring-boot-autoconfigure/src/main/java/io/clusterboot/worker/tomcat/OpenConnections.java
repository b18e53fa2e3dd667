package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

import org.apache.coyote.Processor;
import org.apache.coyote.UpgradeToken;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint.NioSocketWrapper;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * The open connections of an endpoint, told apart by what they do.
 * <p>
 * Whoever works on a connection in Tomcat holds its lock and has taken its processor; the
 * poller takes the interest in reading away before it hands a connection to a worker.
 * Between these two a connection belongs to nobody.
 */
final class OpenConnections {

	private final Map<SocketChannel, SocketWrapperBase<NioChannel>> connections;

	OpenConnections(Map<SocketChannel, SocketWrapperBase<NioChannel>> connections) {
		this.connections = connections;
	}

	int count() {
		return this.connections.size();
	}

	int countIdle(Duration idle) {
		return count((channel, connection) -> !connection.getLock().isLocked() && isBetweenRequests(channel, connection)
				&& isQuiet(connection, idle));
	}

	/**
	 * Close connections that are between two requests.
	 * @param idle least time for which nothing has happened on them
	 * @param atMost number of connections that may be closed
	 * @return the number of connections closed
	 */
	int closeIdle(Duration idle, int atMost) {
		return takeBetweenRequests(atMost,
				(connection) -> isQuiet(connection, idle) && closeUnlessReadable(connection));
	}

	/**
	 * Move connections that are between two requests.
	 * @param mover says which
	 */
	void move(Mover mover) {
		takeBetweenRequests(Integer.MAX_VALUE, (connection) -> {
			if (!mover.wants()) {
				return false;
			}
			((SharedConnection) connection).giveUp();
			return true;
		});
	}

	/**
	 * Offer connections that are between two requests: the client has sent nothing that
	 * is not answered yet, as far as Tomcat has looked. While one is offered nobody else
	 * can work on it.
	 * @param atMost number of connections that may be taken
	 * @param taker says whether it has taken a connection
	 * @return the number of connections taken
	 */
	int takeBetweenRequests(int atMost, Predicate<NioSocketWrapper> taker) {
		int taken = 0;
		for (Map.Entry<SocketChannel, SocketWrapperBase<NioChannel>> entry : this.connections.entrySet()) {
			if (taken >= atMost) {
				break;
			}
			NioSocketWrapper connection = (NioSocketWrapper) entry.getValue();
			if (connection.getLock().tryLock()) {
				try {
					if (isServed(connection) && isBetweenRequests(entry.getKey(), connection)
							&& taker.test(connection)) {
						taken++;
					}
				}
				catch (CancelledKeyException ex) {
					// the poller has closed it, which takes no lock
				}
				finally {
					connection.getLock().unlock();
				}
			}
		}
		return taken;
	}

	private static boolean isServed(NioSocketWrapper connection) {
		return !(connection instanceof SharedConnection shared) || shared.isServed();
	}

	private static boolean isBetweenRequests(SocketChannel channel, NioSocketWrapper connection) {
		try {
			SelectionKey key = channel.keyFor(connection.getPoller().getSelector());
			return !connection.isClosed() && key != null && key.interestOps() == SelectionKey.OP_READ
					&& connection.getSendfileData() == null && hasNoRequest(processor(connection))
					&& connection.getSocketBufferHandler().isReadBufferEmpty();
		}
		catch (CancelledKeyException ex) {
			return false;
		}
	}

	/**
	 * Tomcat takes the processor away at the end of a request, and gives another with the
	 * first byte of the next. After a response that was written with sendfile it leaves
	 * the processor, reset, where it is.
	 */
	private static boolean hasNoRequest(@Nullable Processor processor) {
		return processor == null
				|| !processor.isUpgrade() && !processor.isAsync() && processor.getRequest().getStartTimeNanos() == -1;
	}

	/**
	 * What the kernel has received is read before anybody can say that there is nothing,
	 * and goes the way it would have gone if the poller had noticed. Only what arrives
	 * between this and the close is lost. A client that has not completed its TLS
	 * handshake during the grace period has sent no request.
	 */
	private static boolean closeUnlessReadable(NioSocketWrapper connection) {
		try {
			if (connection.getSocket().isHandshakeComplete() && connection.isReadyForRead()) {
				process(connection);
				return false;
			}
		}
		catch (IOException ex) {
			// the client has closed it
		}
		connection.close();
		return true;
	}

	/**
	 * As the poller does it, which now finds nothing to read any more.
	 */
	private static void process(NioSocketWrapper connection) {
		SelectionKey key = connection.getSocket().getIOChannel().keyFor(connection.getPoller().getSelector());
		key.interestOps(0);
		connection.interestOps(0);
		connection.processSocket(SocketEvent.OPEN_READ, true);
	}

	private static boolean isQuiet(NioSocketWrapper connection, Duration idle) {
		long last = Math.max(connection.getLastRead(), connection.getLastWrite());
		return System.currentTimeMillis() - last >= idle.toMillis();
	}

	/**
	 * Send GOAWAY where it has not been sent yet.
	 */
	void goAway() {
		forEachHttp2((connection, processor) -> processor.pause());
	}

	/**
	 * Close HTTP/2 connections that have no stream. Each looks for itself: it takes the
	 * end of time for the end of its keep-alive time-out, which it only has while there
	 * is no stream. One that is configured to have none is left to its client.
	 */
	void closeIdleHttp2(Duration idle) {
		forEachHttp2((connection, processor) -> {
			if (isQuiet(connection, idle)) {
				processor.timeoutAsync(Long.MAX_VALUE);
			}
		});
	}

	private static boolean isHttp2(Processor processor) {
		return processor.isUpgrade() && isHttp2(processor.getUpgradeToken());
	}

	static boolean isHttp2(UpgradeToken upgradeToken) {
		return upgradeToken.protocol().startsWith("h2");
	}

	private static @Nullable Processor processor(NioSocketWrapper connection) {
		return (Processor) connection.getCurrentProcessor();
	}

	private void forEachHttp2(BiConsumer<NioSocketWrapper, Processor> action) {
		this.connections.values().forEach((wrapper) -> {
			NioSocketWrapper connection = (NioSocketWrapper) wrapper;
			Processor processor = processor(connection);
			if (processor != null && isHttp2(processor)) {
				action.accept(connection, processor);
			}
		});
	}

	private int count(BiPredicate<SocketChannel, NioSocketWrapper> condition) {
		return (int) this.connections.entrySet()
			.stream()
			.filter((entry) -> condition.test(entry.getKey(), (NioSocketWrapper) entry.getValue()))
			.count();
	}

}
