package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.ConnectionAdopter;
import io.clusterboot.worker.SharedServerSocket;
import io.clusterboot.worker.WorkerAgent;
import org.apache.tomcat.util.ExceptionUtils;
import org.apache.tomcat.util.collections.SynchronizedStack;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketProcessorBase;
import org.apache.tomcat.util.net.SocketProperties;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint whose listening socket is shared with other processes. Tomcat's own one
 * wakes its acceptor by connecting to itself, a connection that any worker may get, and
 * then drops the next client that the acceptor takes.
 */
final class SharedNioEndpoint extends NioEndpoint implements ConnectionAdopter {

	private static final int ACCEPTOR_STOP_MILLIS = 1000;

	private @Nullable WorkerAgent agent;

	private AcceptPolicy policy = AcceptPolicy.WHEN_READY;

	private final OpenConnections open = new OpenConnections(this.connections);

	private volatile @Nullable SharedServerSocket socket;

	/** Connections are handed over also when nothing is accepted any more. */
	private volatile @Nullable SharedServerSocket lastSocket;

	private @Nullable Mover mover;

	private volatile @Nullable Integer maxKeepAliveRequests;

	void shareThrough(WorkerAgent agent, AcceptPolicy policy) {
		this.agent = agent;
		this.policy = policy;
		this.mover = new Mover(this, agent.moves());
	}

	OpenConnections open() {
		return this.open;
	}

	/**
	 * Give up this worker's part in the socket for good, and keep the connections. Waits
	 * until the acceptor has left: a connection is listed a little after it was accepted,
	 * and must not be missed by whoever waits for there to be none.
	 */
	void leaveServerSocket() {
		this.maxKeepAliveRequests = super.getMaxKeepAliveRequests();
		closeServerSocketGraceful();
		if (this.acceptor != null) {
			this.acceptor.stopMillis(ACCEPTOR_STOP_MILLIS);
		}
	}

	/**
	 * Without a socket Tomcat answers 1, which would end each connection with the next
	 * response, whatever the client has sent behind the request.
	 */
	@Override
	public int getMaxKeepAliveRequests() {
		Integer whileListening = this.maxKeepAliveRequests;
		return (whileListening != null) ? whileListening : super.getMaxKeepAliveRequests();
	}

	@Override
	protected void initServerSocket() throws Exception {
		if (this.agent == null) {
			super.initServerSocket();
			return;
		}
		InetSocketAddress address = new InetSocketAddress(getAddress(), getPortWithOffset());
		this.maxKeepAliveRequests = null;
		SharedServerSocket shared = this.agent.sockets().listen(address, this.policy, this::bind);
		this.socket = shared;
		this.lastSocket = shared;
		if (!isSSLEnabled()) {
			shared.adoptWith(this);
		}
	}

	private void bind(ServerSocketChannel channel, InetSocketAddress address) throws IOException {
		getSocketProperties().setProperties(channel.socket());
		channel.bind(address, getAcceptCount());
	}

	@Override
	protected @Nullable NetworkChannel getServerSocket() {
		SharedServerSocket shared = this.socket;
		return (shared != null) ? shared.channel() : super.getServerSocket();
	}

	@Override
	protected @Nullable SocketChannel serverSocketAccept() throws Exception {
		SharedServerSocket shared = this.socket;
		if (this.agent == null) {
			return super.serverSocketAccept();
		}
		return (shared != null) ? shared.accept() : null;
	}

	@Override
	protected void unlockAccept() {
		SharedServerSocket shared = this.socket;
		if (shared != null) {
			shared.wakeup();
		}
		else {
			super.unlockAccept();
		}
	}

	/**
	 * The acceptor hands over what it accepted: nothing, if it was only woken up.
	 */
	@Override
	protected boolean setSocketOptions(@Nullable SocketChannel connection) {
		if (connection == null) {
			countDownConnection();
			return true;
		}
		if (this.mover == null) {
			return super.setSocketOptions(connection);
		}
		return serve(connection, this.mover, getMaxKeepAliveRequests(), getConnectionTimeout(), 0);
	}

	/**
	 * As Tomcat does it, but with a connection of our own kind.
	 */
	private boolean serve(SocketChannel channel, Mover mover, int requestsLeft, long readTimeout, long idleMillis) {
		try {
			NioChannel nioChannel = nioChannel();
			SharedConnection connection = new SharedConnection(nioChannel, this, mover);
			nioChannel.reset(channel, connection);
			this.connections.put(channel, connection);
			channel.configureBlocking(false);
			getSocketProperties().setProperties(channel.socket());
			connection.setReadTimeout(readTimeout);
			connection.setWriteTimeout(getConnectionTimeout());
			connection.setKeepAliveLeft(requestsLeft);
			connection.idleBefore(idleMillis);
			connection.getPoller().register(connection);
			return true;
		}
		catch (Throwable ex) {
			ExceptionUtils.handleThrowable(ex);
			getLog().error("A connection cannot be served", ex);
			if (!this.connections.containsKey(channel)) {
				super.destroySocket(channel);
			}
			return false;
		}
	}

	private NioChannel nioChannel() {
		SynchronizedStack<NioChannel> cache = getNioChannels();
		NioChannel cached = (cache != null) ? cache.pop() : null;
		SocketProperties properties = getSocketProperties();
		return (cached != null) ? cached : createChannel(new SocketBufferHandler(properties.getAppReadBufSize(),
				properties.getAppWriteBufSize(), properties.getDirectBuffer()));
	}

	@Override
	protected SocketProcessorBase<NioChannel> createSocketProcessor(SocketWrapperBase<NioChannel> connection,
			SocketEvent event) {
		return new SocketProcessor(connection, event) {

			@Override
			protected void doRun() {
				boolean served = !(this.socketWrapper instanceof SharedConnection shared) || shared.isServed();
				if (served) {
					super.doRun();
				}
			}

		};
	}

	/**
	 * In the moment after the look the acceptor may take the last place. Then this waits
	 * for another, before the connection has been taken from anybody.
	 */
	@Override
	public boolean reserve() {
		boolean room = getMaxConnections() < 0 || getConnectionCount() < getMaxConnections();
		if (!isRunning() || isPaused() || !room) {
			return false;
		}
		try {
			countUpOrAwaitConnection();
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	@Override
	public void release() {
		countDownConnection();
	}

	/**
	 * What another worker has counted and waited for counts here too.
	 */
	@Override
	public void adopt(SocketChannel connection, KeptConnection kept) {
		int requestsLeft = (kept.requestsLeft() > 0) ? kept.requestsLeft() : getMaxKeepAliveRequests();
		long readTimeout = getKeepAliveTimeout();
		if (readTimeout > 0) {
			readTimeout = Math.max(1, readTimeout - kept.idleMillis());
		}
		if (!serve(connection, Objects.requireNonNull(this.mover), requestsLeft, readTimeout, kept.idleMillis())) {
			closeSocket(connection);
		}
	}

	/**
	 * Hand a connection over to another worker.
	 * @param connection the connection
	 * @param kept what it takes along
	 * @return completes with whether it is no longer this worker's
	 */
	CompletableFuture<Boolean> handOver(SocketChannel connection, KeptConnection kept) {
		return Objects.requireNonNull(this.lastSocket).handOver(connection, kept);
	}

	/**
	 * Move connections that are between two requests, if any are to move.
	 */
	void move() {
		if (this.mover != null) {
			this.open.move(this.mover);
		}
	}

	/**
	 * Whether the client of no connection has to be told to close it.
	 * @return whether all of them move
	 */
	boolean isMoving() {
		return this.mover != null && this.mover.wantsAll();
	}

	/**
	 * The acceptor took a connection while it was being stopped. The client knows nothing
	 * of that, so it is served as long as there is somebody to do so.
	 */
	@Override
	protected void destroySocket(@Nullable SocketChannel connection) {
		if (connection == null) {
			countDownConnection();
		}
		else if (!isRunning() || isPaused()) {
			super.destroySocket(connection);
		}
		else if (!setSocketOptions(connection)) {
			closeSocket(connection);
		}
	}

	@Override
	protected void doCloseServerSocket() throws IOException {
		SharedServerSocket shared = this.socket;
		if (shared != null) {
			this.socket = null;
			shared.close();
		}
		else {
			super.doCloseServerSocket();
		}
	}

}
