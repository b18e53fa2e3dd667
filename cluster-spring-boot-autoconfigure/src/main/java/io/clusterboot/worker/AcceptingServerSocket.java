package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

import io.clusterboot.protocol.Descriptors;
import org.jspecify.annotations.Nullable;

/**
 * A shared socket from which each worker accepts for itself.
 * <p>
 * Each time the gate opens the descriptor is duplicated, and to shut the gate that
 * duplicate is closed: this wakes the own acceptor out of its blocking {@code accept} and
 * disturbs no other worker, while any change to the socket itself would be seen by all.
 */
final class AcceptingServerSocket extends SharedServerSocket {

	/** The acceptor needs microseconds to leave, unless it is starved. */
	private static final Duration LEAVE = Duration.ofSeconds(1);

	private final ServerSocketChannel socket;

	private final Runnable onClose;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private Gate gate = Gate.SHUT;

	private @Nullable ServerSocketChannel accepting;

	private boolean acceptorInside;

	private boolean wakeup;

	AcceptingServerSocket(FileDescriptor descriptor, HandOver handOver, Runnable onClose) {
		super(handOver);
		this.socket = JdkChannels.serverChannel(descriptor);
		this.onClose = onClose;
	}

	private enum Gate {

		/**
		 * Nothing is accepted for the time being.
		 */
		SHUT,

		/**
		 * Connections are accepted.
		 */
		OPEN,

		/**
		 * What waits in the queue is accepted, then nothing any more.
		 */
		LAST_CALL,

		/**
		 * The queue was empty: the descriptors are closed. The acceptor waits to be told.
		 */
		OVER,

		/**
		 * Nothing is accepted any more.
		 */
		CLOSED

	}

	@Override
	public NetworkChannel channel() {
		return this.socket;
	}

	@Override
	public @Nullable SocketChannel accept() throws IOException {
		while (true) {
			ServerSocketChannel channel = awaitGate();
			if (channel == null) {
				return null;
			}
			SocketChannel connection = acceptFrom(channel);
			if (connection != null || Thread.currentThread().isInterrupted()) {
				return connection;
			}
		}
	}

	private @Nullable SocketChannel acceptFrom(ServerSocketChannel channel) throws IOException {
		try {
			SocketChannel connection = channel.accept();
			if (connection == null) {
				lastCallIsOver();
			}
			return connection;
		}
		catch (ClosedChannelException ex) {
			// the gate has been shut
			return null;
		}
		finally {
			acceptorLeft();
		}
	}

	private @Nullable ServerSocketChannel awaitGate() throws IOException {
		this.lock.lock();
		try {
			while (true) {
				if (this.wakeup) {
					this.wakeup = false;
					return null;
				}
				switch (this.gate) {
					case CLOSED -> {
						return null;
					}
					case OPEN -> {
						ServerSocketChannel channel = acceptingChannel();
						this.acceptorInside = true;
						return channel;
					}
					case LAST_CALL -> {
						ServerSocketChannel channel = acceptingChannel();
						channel.configureBlocking(false);
						this.acceptorInside = true;
						return channel;
					}
					case SHUT, OVER -> this.changed.awaitUninterruptibly();
				}
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private ServerSocketChannel acceptingChannel() throws IOException {
		ServerSocketChannel channel = this.accepting;
		if (channel == null) {
			channel = JdkChannels.serverChannel(Descriptors.duplicate(JdkChannels.descriptor(this.socket)));
			this.accepting = channel;
		}
		return channel;
	}

	private void lastCallIsOver() {
		this.lock.lock();
		try {
			if (this.gate == Gate.LAST_CALL) {
				// What arrives between the look and the close is reset, so there is
				// nothing between.
				closeAccepting();
				close(this.socket);
				this.gate = Gate.OVER;
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private void acceptorLeft() {
		this.lock.lock();
		try {
			this.acceptorInside = false;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	void openGate() {
		change(Gate.OPEN);
	}

	@Override
	void shutGate() {
		change(Gate.SHUT);
	}

	@Override
	void emptyQueue(Duration atMost) {
		change(Gate.LAST_CALL);
		await(() -> this.gate != Gate.LAST_CALL, atMost);
	}

	@Override
	public void wakeup() {
		this.lock.lock();
		try {
			this.wakeup = true;
			closeAccepting();
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Give up this worker's part in the socket.
	 */
	@Override
	void closeGate() {
		change(Gate.CLOSED);
		close(this.socket);
		this.onClose.run();
	}

	private void change(Gate gate) {
		this.lock.lock();
		try {
			if (gate.compareTo(this.gate) <= 0 && this.gate.compareTo(Gate.LAST_CALL) >= 0 || this.gate == gate) {
				return;
			}
			this.gate = gate;
			if (gate != Gate.OPEN) {
				closeAccepting();
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (gate != Gate.OPEN) {
			// Closing a channel only signals the thread that blocks in accept(2), which
			// may still
			// return with a connection.
			await(() -> !this.acceptorInside, LEAVE);
		}
	}

	private void await(BooleanSupplier condition, Duration atMost) {
		this.lock.lock();
		try {
			long left = atMost.toNanos();
			while (!condition.getAsBoolean() && left > 0) {
				left = this.changed.awaitNanos(left);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.lock.unlock();
		}
	}

	private void closeAccepting() {
		if (this.accepting != null) {
			close(this.accepting);
			this.accepting = null;
		}
	}

	private static void close(ServerSocketChannel channel) {
		try {
			channel.close();
		}
		catch (IOException ex) {
			// close(2) has released the descriptor even when it reports an error
		}
	}

}
