package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.ListenAddress;
import org.jspecify.annotations.Nullable;

/**
 * A shared socket from which the primary accepts and passes connections on, one at a time
 * until it has been answered. A connection that the acceptor does not take soon, since
 * the server has as many as it may have, is declined, and the primary passes no more
 * until the acceptor is back.
 */
final class PassedServerSocket extends SharedServerSocket {

	/** Time that the acceptor may need for the connection before. */
	private static final Duration PATIENCE = Duration.ofMillis(100);

	private final BoundAddress channel;

	private final ListenAddress address;

	private final Primary primary;

	private final Runnable onClose;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private Gate gate = Gate.SHUT;

	private @Nullable Passed passed;

	private boolean acceptorWaits;

	/** Whether the primary has been told that the acceptor does not come. */
	private boolean acceptorMissing;

	private boolean wakeup;

	PassedServerSocket(InetSocketAddress bound, ListenAddress address, Primary primary, HandOver handOver,
			Runnable onClose) {
		super(handOver);
		this.channel = new BoundAddress(bound);
		this.address = address;
		this.primary = primary;
		this.onClose = onClose;
	}

	private enum Gate {

		/**
		 * What is passed is declined.
		 */
		SHUT,

		/**
		 * What is passed is taken.
		 */
		OPEN,

		/**
		 * What is passed is declined, for good.
		 */
		CLOSED

	}

	private record Passed(long number, FileDescriptor descriptor) {
	}

	@Override
	public NetworkChannel channel() {
		return this.channel;
	}

	/**
	 * The primary passes a connection on. Called by the thread that reads the link.
	 * @param number the primary's number for it
	 * @param descriptor the connection
	 */
	void pass(long number, FileDescriptor descriptor) {
		Passed connection = new Passed(number, descriptor);
		boolean soon;
		this.lock.lock();
		try {
			if (this.gate != Gate.OPEN || this.passed != null) {
				decline(connection);
				return;
			}
			this.passed = connection;
			soon = this.acceptorWaits;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (!soon) {
			CompletableFuture.delayedExecutor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
				.execute(() -> declineIfWaiting(connection));
		}
	}

	private void declineIfWaiting(Passed connection) {
		this.lock.lock();
		try {
			if (this.passed == connection) {
				this.passed = null;
				this.acceptorMissing = true;
				this.primary.gate(this.address, false);
				decline(connection);
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private void decline(Passed connection) {
		Descriptors.close(connection.descriptor());
		this.primary.declined(connection.number());
	}

	/**
	 * A client that has gone in the meantime is no failure to accept, after which servers
	 * would pause.
	 */
	@Override
	public @Nullable SocketChannel accept() {
		while (true) {
			Passed connection = awaitPassed();
			if (connection == null) {
				return null;
			}
			// nothing may be read before the primary is certain to learn of it: another
			// worker would get a connection whose request is lost
			if (!this.primary.taken(connection.number())) {
				Descriptors.close(connection.descriptor());
				continue;
			}
			try {
				return JdkChannels.channel(connection.descriptor());
			}
			catch (IOException ex) {
				// the next one, then
			}
		}
	}

	private @Nullable Passed awaitPassed() {
		this.lock.lock();
		try {
			acceptorIsBack();
			while (this.passed == null && !this.wakeup && this.gate != Gate.CLOSED) {
				this.acceptorWaits = true;
				this.changed.awaitUninterruptibly();
			}
			Passed connection = this.passed;
			this.passed = null;
			if (connection == null) {
				this.wakeup = false;
			}
			return connection;
		}
		finally {
			this.acceptorWaits = false;
			this.lock.unlock();
		}
	}

	private void acceptorIsBack() {
		if (this.acceptorMissing) {
			this.acceptorMissing = false;
			if (this.gate == Gate.OPEN) {
				this.primary.gate(this.address, true);
			}
		}
	}

	@Override
	public void wakeup() {
		this.lock.lock();
		try {
			this.wakeup = true;
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

	/**
	 * The primary passes on what waits.
	 */
	@Override
	void emptyQueue(Duration atMost) {
		this.primary.lastCall(this.address, atMost);
		change(Gate.CLOSED);
	}

	@Override
	void closeGate() {
		change(Gate.CLOSED);
		this.channel.close();
		this.onClose.run();
	}

	private void change(Gate gate) {
		this.lock.lock();
		try {
			if (this.gate == Gate.CLOSED || this.gate == gate) {
				return;
			}
			this.gate = gate;
			this.primary.gate(this.address, gate == Gate.OPEN && !this.acceptorMissing);
			Passed waiting = this.passed;
			if (gate != Gate.OPEN && waiting != null) {
				this.passed = null;
				decline(waiting);
			}
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Who passes connections on.
	 */
	interface Primary {

		/**
		 * Connections are taken from now on, or declined.
		 * @param address where they come from
		 * @param open whether they are taken
		 */
		void gate(ListenAddress address, boolean open);

		/**
		 * A connection is this worker's. Returns when the message has left this process,
		 * or when there is no primary any more.
		 * @param number the primary's number for it
		 * @return whether the message has left; if not, the connection is not this
		 * worker's
		 */
		boolean taken(long number);

		/**
		 * A connection is not this worker's.
		 * @param number the primary's number for it
		 */
		void declined(long number);

		/**
		 * Have everything passed on that waits, and nothing more.
		 * @param address where it waits
		 * @param atMost longest time to wait for it
		 */
		void lastCall(ListenAddress address, Duration atMost);

	}

}
