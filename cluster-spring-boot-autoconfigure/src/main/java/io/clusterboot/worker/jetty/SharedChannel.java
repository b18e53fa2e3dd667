package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import io.clusterboot.worker.SharedServerSocket;
import org.eclipse.jetty.util.VirtualThreads;
import org.jspecify.annotations.Nullable;

/**
 * A shared socket in the shape that a connector of Jetty takes, so that none has to be
 * replaced. Only what such a connector does with its channel is supported: to accept, on
 * any number of threads, and to close.
 */
final class SharedChannel extends ServerSocketChannel {

	private final SharedServerSocket shared;

	private final BoundServerSocket socket;

	private final ReentrantLock accepting = new ReentrantLock();

	private final CountDownLatch closed = new CountDownLatch(1);

	private final Set<SocketChannel> handedOver = ConcurrentHashMap.newKeySet();

	private final ExecutorService acceptor = Executors.newSingleThreadExecutor((task) -> {
		Thread thread = new Thread(task, "cluster-acceptor");
		thread.setDaemon(true);
		return thread;
	});

	private volatile boolean left;

	SharedChannel(SharedServerSocket shared) throws IOException {
		super(SelectorProvider.provider());
		this.shared = shared;
		this.socket = new BoundServerSocket(shared.channel(), this);
	}

	/**
	 * Accept a connection. After {@link #leave()} this waits until the channel is closed:
	 * Jetty's acceptors would try again at once, for ever.
	 */
	@Override
	public SocketChannel accept() throws IOException {
		while (true) {
			SocketChannel connection = tryAccept();
			if (connection != null) {
				return connection;
			}
			if (Thread.currentThread().isInterrupted()) {
				close();
				throw new ClosedByInterruptException();
			}
			if (this.left) {
				awaitClose();
			}
			if (!isOpen()) {
				throw new AsynchronousCloseException();
			}
		}
	}

	/**
	 * The socket knows one acceptor only, so others wait here.
	 */
	private @Nullable SocketChannel tryAccept() throws IOException {
		this.accepting.lock();
		try {
			if (!isOpen()) {
				throw new ClosedChannelException();
			}
			SocketChannel connection = this.left ? null : acceptOnPlatformThread();
			if (connection != null) {
				this.handedOver.add(connection);
			}
			return connection;
		}
		finally {
			this.accepting.unlock();
		}
	}

	/**
	 * On a virtual thread the JDK makes the socket non-blocking before it accepts, the
	 * one socket of all workers.
	 */
	private @Nullable SocketChannel acceptOnPlatformThread() throws IOException {
		if (!VirtualThreads.isVirtualThread()) {
			return this.shared.accept();
		}
		try {
			return this.acceptor.submit(this.shared::accept).get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return null;
		}
		catch (ExecutionException ex) {
			throw new IOException(ex.getCause());
		}
	}

	private void awaitClose() throws ClosedByInterruptException {
		try {
			this.closed.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new ClosedByInterruptException();
		}
	}

	/**
	 * Give up this worker's part in the socket for good, while the connector goes on with
	 * the connections that it has. Waits for acceptors to return what they have accepted.
	 * @param atMost longest time to wait
	 */
	void leave(Duration atMost) {
		this.left = true;
		this.shared.close();
		try {
			if (this.accepting.tryLock(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
				this.accepting.unlock();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * The connector lists a connection now.
	 * @param transport its channel
	 */
	void listed(Object transport) {
		this.handedOver.remove(transport);
	}

	/**
	 * The number of connections that have been accepted and that the connector does not
	 * list yet.
	 * @return the number
	 */
	int unlisted() {
		this.handedOver.removeIf((connection) -> !connection.isOpen());
		return this.handedOver.size();
	}

	@Override
	protected void implCloseSelectableChannel() {
		if (!this.left) {
			this.shared.close();
		}
		this.acceptor.shutdown();
		this.closed.countDown();
	}

	@Override
	protected void implConfigureBlocking(boolean block) {
		if (!block) {
			throw new UnsupportedOperationException("The socket belongs to other workers too");
		}
	}

	@Override
	public BoundServerSocket socket() {
		return this.socket;
	}

	@Override
	public @Nullable SocketAddress getLocalAddress() throws IOException {
		return this.shared.channel().getLocalAddress();
	}

	@Override
	public ServerSocketChannel bind(@Nullable SocketAddress local, int backlog) {
		throw new UnsupportedOperationException("The socket is bound");
	}

	@Override
	public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) {
		throw new UnsupportedOperationException("The socket belongs to other workers too");
	}

	@Override
	public <T> T getOption(SocketOption<T> name) throws IOException {
		return this.shared.channel().getOption(name);
	}

	@Override
	public Set<SocketOption<?>> supportedOptions() {
		return this.shared.channel().supportedOptions();
	}

}
