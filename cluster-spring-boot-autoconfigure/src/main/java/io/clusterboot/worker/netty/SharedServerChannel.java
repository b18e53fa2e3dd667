package io.clusterboot.worker.netty;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;

import io.clusterboot.worker.SharedServerSocket;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DefaultServerSocketChannelConfig;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A server channel whose listening socket is shared with other processes. Netty's own one
 * asks a selector for connections: of several processes that do so with one socket, the
 * kernel wakes the same one again and again, and none of them could accept in any other
 * way, since not to block is a property of the socket and not of the process. Here, a
 * thread of its own blocks in {@code accept}, and the event loop is handed what it got.
 */
final class SharedServerChannel extends AbstractServerChannel implements ServerSocketChannel {

	private static final Log logger = LogFactory.getLog(SharedServerChannel.class);

	private static final int LEAVE_MILLIS = 1000;

	private static final int LEAST_PAUSE_MILLIS = 50;

	private static final int MOST_PAUSE_MILLIS = 1600;

	private final SharedHttpServer server;

	/** Never bound: keeps the options that are set, for the sockets that are. */
	private final java.nio.channels.ServerSocketChannel unbound;

	private final ServerSocketChannelConfig config;

	private final @Nullable Semaphore room;

	private volatile @Nullable SharedServerSocket socket;

	private volatile @Nullable Thread acceptor;

	private volatile @Nullable InetSocketAddress address;

	private volatile boolean open = true;

	SharedServerChannel(SharedHttpServer server) {
		this.server = server;
		this.room = (server.maxConnections() > 0) ? new Semaphore(server.maxConnections()) : null;
		try {
			this.unbound = java.nio.channels.ServerSocketChannel.open();
		}
		catch (IOException ex) {
			throw new ChannelException("Failed to open a socket.", ex);
		}
		this.config = new Config(this, this.unbound);
	}

	@Override
	public ServerSocketChannelConfig config() {
		return this.config;
	}

	@Override
	public boolean isOpen() {
		return this.open;
	}

	@Override
	public boolean isActive() {
		return this.open && this.address != null;
	}

	@Override
	public InetSocketAddress localAddress() {
		return (InetSocketAddress) super.localAddress();
	}

	@Override
	protected @Nullable SocketAddress localAddress0() {
		return this.address;
	}

	@Override
	public @Nullable InetSocketAddress remoteAddress() {
		return null;
	}

	@Override
	protected boolean isCompatible(EventLoop loop) {
		return true;
	}

	/**
	 * There is no selector to register with.
	 */
	@Override
	protected void doRegister(ChannelPromise promise) {
		promise.setSuccess();
	}

	@Override
	protected void doDeregister() {
	}

	/**
	 * Waits for the primary on an event loop, which has nothing else to do before there
	 * is a port.
	 */
	@Override
	protected void doBind(SocketAddress localAddress) throws Exception {
		SharedServerSocket shared = this.server.listen((InetSocketAddress) localAddress, this::bind);
		this.socket = shared;
		this.address = (InetSocketAddress) shared.channel().getLocalAddress();
		this.server.started(this);
	}

	private void bind(java.nio.channels.ServerSocketChannel channel, InetSocketAddress wanted) throws IOException {
		for (SocketOption<?> option : this.unbound.supportedOptions()) {
			copy(option, channel);
		}
		channel.bind(wanted, this.config.getBacklog());
	}

	/**
	 * Only what has been set: to set a buffer to its default size would fix it.
	 */
	private <T> void copy(SocketOption<T> option, java.nio.channels.ServerSocketChannel channel) throws IOException {
		T value = this.unbound.getOption(option);
		boolean sharing = option.equals(StandardSocketOptions.SO_REUSEPORT) && channel.getOption(option).equals(true);
		if (!sharing && !Objects.equals(value, channel.getOption(option))) {
			channel.setOption(option, value);
		}
	}

	/**
	 * There is somebody to hand connections to.
	 */
	@Override
	protected void doBeginRead() {
		SharedServerSocket shared = this.socket;
		if (shared != null && this.acceptor == null) {
			Thread thread = new Thread(() -> acceptFrom(shared), "cluster-acceptor-" + localAddress().getPort());
			thread.setDaemon(true);
			this.acceptor = thread;
			thread.start();
		}
	}

	private void acceptFrom(SharedServerSocket shared) {
		int pause = 0;
		while (true) {
			try {
				awaitRoom();
				SocketChannel connection = shared.accept();
				if (connection == null) {
					return;
				}
				handOver(connection);
				pause = 0;
			}
			catch (IOException | RuntimeException ex) {
				leaveRoom();
				// as when the process has no descriptors left
				logger.warn("Failed to accept a connection", ex);
				pause(pause);
				pause = Math.min(Math.max(2 * pause, LEAST_PAUSE_MILLIS), MOST_PAUSE_MILLIS);
			}
		}
	}

	private void handOver(SocketChannel accepted) throws IOException {
		SharedConnection connection;
		try {
			connection = new SharedConnection(this, accepted);
		}
		catch (ChannelException ex) {
			accepted.close();
			throw ex;
		}
		// It is listed here and not by the event loop: whoever waits for there to be no
		// connection must not miss one that is on its way.
		this.server.open().add(connection);
		// Reactor Netty counts connections, too, and must notice the end of one before
		// another takes its place.
		connection.closeFuture().addListener((closed) -> connection.eventLoop().execute(this::leaveRoom));
		try {
			eventLoop().execute(() -> {
				pipeline().fireChannelRead(connection);
				pipeline().fireChannelReadComplete();
			});
		}
		catch (RejectedExecutionException ex) {
			accepted.close();
			throw ex;
		}
	}

	/**
	 * While there are as many connections as may be, others are left to other workers.
	 */
	private void awaitRoom() {
		if (this.room != null) {
			this.room.acquireUninterruptibly();
		}
	}

	private void leaveRoom() {
		if (this.room != null) {
			this.room.release();
		}
	}

	private static void pause(int millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Give up this worker's part in the socket for good, and keep the connections. The
	 * channel stays open: it is what keeps the JVM alive. Waits until the acceptor has
	 * left.
	 */
	void leave() {
		Thread accepting = this.acceptor;
		closeSocket();
		try {
			if (accepting != null) {
				accepting.join(LEAVE_MILLIS);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	protected void doClose() throws IOException {
		this.open = false;
		this.unbound.close();
		closeSocket();
		this.server.stopped();
	}

	/**
	 * The acceptor is not interrupted, since it may just be telling the primary that it
	 * has taken a connection. One that waits for room is given some, and finds the socket
	 * closed.
	 */
	private void closeSocket() {
		SharedServerSocket shared = this.socket;
		if (shared != null) {
			this.socket = null;
			shared.close();
			leaveRoom();
		}
	}

	/**
	 * Settings of the socket that is going to be bound.
	 */
	private static final class Config extends DefaultServerSocketChannelConfig {

		private final NioServerSocketChannel socket;

		private Config(SharedServerChannel channel, java.nio.channels.ServerSocketChannel socket) {
			super(channel, socket.socket());
			this.socket = new NioServerSocketChannel(socket);
		}

		@Override
		public <T> boolean setOption(ChannelOption<T> option, T value) {
			return (option instanceof NioChannelOption) ? this.socket.config().setOption(option, value)
					: super.setOption(option, value);
		}

	}

}
