package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServerSocket;
import io.clusterboot.worker.WorkerAgent;
import org.apache.tomcat.util.net.NioEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint whose listening socket is shared with other processes. Tomcat's own one
 * wakes its acceptor by connecting to itself, a connection that any worker may get, and
 * then drops the next client that the acceptor takes.
 */
final class SharedNioEndpoint extends NioEndpoint {

	private static final int ACCEPTOR_STOP_MILLIS = 1000;

	private @Nullable WorkerAgent agent;

	private AcceptPolicy policy = AcceptPolicy.WHEN_READY;

	private final OpenConnections open = new OpenConnections(this.connections);

	private volatile @Nullable SharedServerSocket socket;

	private volatile @Nullable Integer maxKeepAliveRequests;

	void shareThrough(WorkerAgent agent, AcceptPolicy policy) {
		this.agent = agent;
		this.policy = policy;
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
		this.socket = this.agent.sockets().listen(address, this.policy, this::bind);
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
		return super.setSocketOptions(connection);
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
