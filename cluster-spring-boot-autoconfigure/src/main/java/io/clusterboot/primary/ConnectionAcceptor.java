package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFGenericSocketAddress;
import org.newsclub.net.unix.AFServerSocket;
import org.newsclub.net.unix.AFServerSocketChannel;
import org.newsclub.net.unix.AFSocket;
import org.newsclub.net.unix.AFSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * Accepts connections at one address, as long as there is a worker that takes them: those
 * for which there is none wait in the socket's queue.
 */
final class ConnectionAcceptor implements Runnable {

	private static final Log logger = LogFactory.getLog(ConnectionAcceptor.class);

	/** Time after which it looks whether it is still to accept. */
	private static final Duration LOOK = Duration.ofMillis(100);

	/** Time that workers get to take what was accepted last. */
	private static final Duration LAST_CALL = Duration.ofSeconds(1);

	/** Looks in a row that have to find nothing. */
	private static final int LAST_LOOKS = 5;

	private final ListenAddress address;

	private final FileDescriptor descriptor;

	private final Dispatcher dispatcher;

	/** Who waits for the end of the last call, by the worker's id. */
	private final Map<Integer, Runnable> waiters = new HashMap<>();

	private State state = State.OPEN;

	ConnectionAcceptor(ListenAddress address, FileDescriptor descriptor, Dispatcher dispatcher) {
		this.address = address;
		this.descriptor = descriptor;
		this.dispatcher = dispatcher;
	}

	private enum State {

		/**
		 * Connections are accepted.
		 */
		OPEN,

		/**
		 * What is in the queue is accepted, then nothing any more.
		 */
		LAST_CALL,

		/**
		 * Nothing is accepted any more.
		 */
		CLOSED

	}

	void start() {
		Thread thread = new Thread(this, "cluster-dispatch-" + this.address.port());
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Accept what is in the queue and nothing more, since workers leave and nobody
	 * follows.
	 * @param worker id of the worker that asks for it
	 * @param over is run when all of that has been taken
	 */
	void lastCall(int worker, Runnable over) {
		synchronized (this) {
			if (this.state != State.CLOSED) {
				this.state = State.LAST_CALL;
				this.waiters.put(worker, over);
				return;
			}
		}
		over.run();
	}

	synchronized void forget(int worker) {
		this.waiters.remove(worker);
	}

	synchronized void close() {
		this.state = State.CLOSED;
	}

	private synchronized State state() {
		return this.state;
	}

	@Override
	public void run() {
		try {
			AFServerSocket<?> socket = FileDescriptorCast.using(this.descriptor).as(AFServerSocket.class);
			socket.setSoTimeout((int) LOOK.toMillis());
			while (state() == State.OPEN) {
				if (this.dispatcher.awaitTaker(this.address, LOOK)) {
					accept(socket::accept);
				}
			}
			emptyQueue();
		}
		catch (IOException ex) {
			logger.error("No connections are accepted at %s any more".formatted(this.address), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Descriptors.close(this.descriptor);
		over();
	}

	/**
	 * What arrives between the last look and the close is reset, so this does not sleep
	 * in between, and does not count the first looks that find nothing: they take a
	 * millisecond, since nothing of this has ever been run before.
	 */
	private void emptyQueue() throws IOException, InterruptedException {
		AFServerSocketChannel<?> channel = FileDescriptorCast.using(this.descriptor).as(AFServerSocketChannel.class);
		channel.configureBlocking(false);
		for (int empty = 0; state() == State.LAST_CALL && empty < LAST_LOOKS;) {
			empty = accept(() -> socket(channel.accept())) ? 0 : empty + 1;
		}
	}

	private static @Nullable AFSocket<?> socket(@Nullable AFSocketChannel<?> channel) {
		return (channel != null) ? channel.socket() : null;
	}

	private void over() {
		try {
			this.dispatcher.awaitPassed(this.address, LAST_CALL);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Map<Integer, Runnable> waiting;
		synchronized (this) {
			this.state = State.CLOSED;
			waiting = Map.copyOf(this.waiters);
			this.waiters.clear();
		}
		waiting.values().forEach(Runnable::run);
	}

	/**
	 * Accept a connection.
	 * @return whether there was one
	 */
	private boolean accept(Acceptance acceptance) throws InterruptedException {
		try {
			AFSocket<?> connection = acceptance.accept();
			if (connection == null) {
				return false;
			}
			InetAddress client = client(connection);
			this.dispatcher.accepted(this.address, released(connection), client);
			return true;
		}
		catch (SocketTimeoutException ex) {
			return false;
		}
		catch (IOException ex) {
			// the client is gone already, or this process has no descriptors left
			logger.warn("A connection to %s could not be accepted: %s".formatted(this.address, ex.getMessage()));
			Thread.sleep(LOOK.toMillis());
			return true;
		}
	}

	/**
	 * A socket of junixsocket's that is collected as garbage is closed, and with it the
	 * connection shut down for whoever has it then. What it leaves is a descriptor of our
	 * own.
	 */
	private static FileDescriptor released(AFSocket<?> connection) throws IOException {
		FileDescriptor original = connection.getFileDescriptor();
		try {
			return Descriptors.duplicate(original);
		}
		finally {
			Descriptors.close(original);
			Reference.reachabilityFence(connection);
		}
	}

	/**
	 * A socket's address as the kernel has it begins with the family and the port. An
	 * IPv4 address follows at once, one for IPv6 after four bytes more.
	 */
	private static @Nullable InetAddress client(AFSocket<?> connection) {
		try {
			if (connection.getRemoteSocketAddress() instanceof AFGenericSocketAddress address) {
				byte[] bytes = address.toBytes();
				return InetAddress.getByAddress(
						(bytes.length >= 24) ? Arrays.copyOfRange(bytes, 8, 24) : Arrays.copyOfRange(bytes, 4, 8));
			}
		}
		catch (UnknownHostException ex) {
			logger.debug("A client's address cannot be read", ex);
		}
		return null;
	}

	/**
	 * Accepts a connection, in one way or another.
	 */
	@FunctionalInterface
	private interface Acceptance {

		@Nullable AFSocket<?> accept() throws IOException;

	}

}
