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

	private @Nullable WorkerAgent agent;

	private AcceptPolicy policy = AcceptPolicy.WHEN_READY;

	private volatile @Nullable SharedServerSocket socket;

	void shareThrough(WorkerAgent agent, AcceptPolicy policy) {
		this.agent = agent;
		this.policy = policy;
	}

	/**
	 * The connections that have been accepted. Tomcat counts one before it accepts it and
	 * lists it a little later. What lies between must not be missed once nothing more is
	 * accepted; before, the count includes the one that the acceptor waits for.
	 */
	int openConnections() {
		int listed = this.connections.size();
		return (this.socket != null) ? listed : (int) Math.max(listed, getConnectionCount());
	}

	@Override
	protected void initServerSocket() throws Exception {
		if (this.agent == null) {
			super.initServerSocket();
			return;
		}
		if (getUseInheritedChannel() || getUnixDomainSocketPath() != null) {
			throw new IllegalStateException(
					"A connector with an inherited channel or a UNIX domain socket cannot be shared by workers: "
							+ "remove that setting, or set cluster.enabled=false");
		}
		InetSocketAddress address = new InetSocketAddress(getAddress(), getPortWithOffset());
		this.socket = this.agent.sockets().listen(address, this.policy, () -> bind(address));
	}

	private ServerSocketChannel bind(InetSocketAddress address) throws IOException {
		ServerSocketChannel channel = ServerSocketChannel.open();
		try {
			getSocketProperties().setProperties(channel.socket());
			return channel.bind(address, getAcceptCount());
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	@Override
	protected @Nullable NetworkChannel getServerSocket() {
		SharedServerSocket shared = this.socket;
		return (shared != null) ? shared.channel() : super.getServerSocket();
	}

	@Override
	protected @Nullable SocketChannel serverSocketAccept() throws Exception {
		SharedServerSocket shared = this.socket;
		return (shared != null) ? shared.accept() : super.serverSocketAccept();
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
		else if (!isRunning() || isPaused() || !setSocketOptions(connection)) {
			super.destroySocket(connection);
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
