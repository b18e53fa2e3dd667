package io.clusterboot.worker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.clusterboot.os.ReservedPort;
import org.jspecify.annotations.Nullable;

/**
 * A socket of this worker's own at a port that all workers have reserved. The kernel puts
 * connections into the queue of one of those that listen.
 * <p>
 * So the gate is open while this worker listens. To shut it, the acceptor first takes
 * what is in the queue, since the kernel resets that when the socket closes.
 */
final class ReusePortServerSocket extends SharedServerSocket {

	/** The acceptor needs microseconds to empty the queue, unless it is at its limit. */
	private static final Duration LEAVE = Duration.ofSeconds(1);

	private final ReservedPort port;

	private final SharedSockets.Binder binder;

	private final Runnable onClose;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private Gate gate = Gate.SHUT;

	private @Nullable Listening listening;

	private boolean wakeup;

	ReusePortServerSocket(ReservedPort port, SharedSockets.Binder binder, Runnable onClose) {
		super(HandOver.none());
		this.port = port;
		this.binder = binder;
		this.onClose = onClose;
	}

	private enum Gate {

		/**
		 * Nothing is accepted for the time being, once the queue is empty.
		 */
		SHUT,

		/**
		 * Connections are accepted.
		 */
		OPEN,

		/**
		 * Nothing is accepted any more, once the queue is empty.
		 */
		LAST_CALL,

		/**
		 * Nothing is accepted any more.
		 */
		CLOSED

	}

	@Override
	public NetworkChannel channel() {
		return this.port.channel();
	}

	@Override
	public @Nullable SocketChannel accept() throws IOException {
		while (!Thread.currentThread().isInterrupted()) {
			Listening current = awaitListening();
			if (current == null) {
				return null;
			}
			SocketChannel connection = current.accept();
			if (connection != null) {
				return connection;
			}
			if (current.isToEnd()) {
				// What arrives between the look and the close is reset, so there is
				// nothing between.
				current.close();
				ended(current);
			}
			else {
				current.awaitConnection();
			}
		}
		return null;
	}

	private @Nullable Listening awaitListening() throws IOException {
		this.lock.lock();
		try {
			while (true) {
				if (this.wakeup) {
					this.wakeup = false;
					return null;
				}
				if (this.gate == Gate.CLOSED) {
					return null;
				}
				if (this.gate == Gate.OPEN && this.listening == null) {
					this.listening = listen();
				}
				if (this.listening != null) {
					return this.listening;
				}
				this.changed.awaitUninterruptibly();
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private Listening listen() throws IOException {
		ServerSocketChannel channel = ServerSocketChannel.open();
		try {
			channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
			this.binder.bind(channel, (InetSocketAddress) this.port.channel().getLocalAddress());
			channel.configureBlocking(false);
			Selector selector = Selector.open();
			channel.register(selector, SelectionKey.OP_ACCEPT);
			return new Listening(channel, selector);
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	private void ended(Listening ended) {
		this.lock.lock();
		try {
			if (this.listening == ended) {
				this.listening = null;
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	void openGate() {
		change(Gate.OPEN, Duration.ZERO);
	}

	@Override
	void shutGate() {
		change(Gate.SHUT, LEAVE);
	}

	@Override
	void emptyQueue(Duration atMost) {
		change(Gate.LAST_CALL, atMost);
	}

	/**
	 * The acceptor of a server that closes may have left, so nobody empties the queue. A
	 * worker that leaves has shut the gate before.
	 */
	@Override
	void closeGate() {
		change(Gate.CLOSED, Duration.ZERO);
		this.port.close();
		this.onClose.run();
	}

	@Override
	public void wakeup() {
		this.lock.lock();
		try {
			this.wakeup = true;
			if (this.listening != null) {
				this.listening.wakeup();
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	private void change(Gate gate, Duration patience) {
		this.lock.lock();
		try {
			if (gate.compareTo(this.gate) <= 0 && this.gate.compareTo(Gate.LAST_CALL) >= 0 || this.gate == gate) {
				return;
			}
			this.gate = gate;
			Listening last = this.listening;
			if (gate != Gate.OPEN && last != null) {
				last.acceptNoMoreThanWaits();
				awaitEnd(last, patience);
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Gives up the lock meanwhile.
	 */
	private void awaitEnd(Listening last, Duration atMost) {
		try {
			long left = atMost.toNanos();
			while (this.listening == last && left > 0) {
				left = this.changed.awaitNanos(left);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		if (this.listening == last) {
			last.close();
			ended(last);
		}
	}

	/**
	 * A socket while it listens, and what its acceptor waits with: unlike {@code accept},
	 * that can be woken without closing the socket.
	 *
	 * @param channel the socket
	 * @param selector waits for connections; closed when none is waited for any more
	 */
	private record Listening(ServerSocketChannel channel, Selector selector) {

		@Nullable SocketChannel accept() throws IOException {
			try {
				return this.channel.accept();
			}
			catch (ClosedChannelException ex) {
				return null;
			}
		}

		/**
		 * Wait for a connection, or for anything else to happen.
		 */
		void awaitConnection() throws IOException {
			try {
				this.selector.select((key) -> {
				});
			}
			catch (ClosedSelectorException ex) {
				// none is waited for any more
			}
		}

		boolean isToEnd() {
			return !this.selector.isOpen();
		}

		void wakeup() {
			this.selector.wakeup();
		}

		/**
		 * Frees the channel of its selector, too: it would not close before.
		 */
		void acceptNoMoreThanWaits() {
			try {
				this.selector.close();
			}
			catch (IOException ex) {
				// it is closed even so
			}
		}

		/**
		 * Close it at once if its selector is closed.
		 */
		void close() {
			try {
				this.channel.close();
			}
			catch (IOException ex) {
				// close(2) has released the descriptor even when it reports an error
			}
		}

	}

}
