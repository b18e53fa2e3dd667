package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServer;
import io.clusterboot.worker.SharedServerSocket;
import io.clusterboot.worker.WorkerAgent;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.web.server.PortInUseException;
import org.springframework.boot.web.server.WebServerException;

/**
 * A connector on a shared socket, which it gets whenever it starts. Jetty's own shutdown
 * of a connector is not used: it would time out whatever is slower than a second, and end
 * every connection with its next response.
 */
final class SharedConnector implements SharedServer, LifeCycle.Listener {

	private static final Duration HAND_OVER = Duration.ofSeconds(1);

	private final ServerConnector connector;

	private final WorkerAgent agent;

	private final AcceptPolicy policy;

	private final OpenConnections open;

	private final Sessions sessions;

	private final Set<Exchange> exchanges = ConcurrentHashMap.newKeySet();

	private volatile @Nullable SharedChannel channel;

	private volatile boolean draining;

	private SharedConnector(ServerConnector connector, WorkerAgent agent, AcceptPolicy policy) {
		this.connector = connector;
		this.agent = agent;
		this.policy = policy;
		this.sessions = new Sessions(connector.getServer());
		this.open = new OpenConnections(connector, this.sessions);
	}

	/**
	 * Have a connector share its socket.
	 * @param connector the connector, not started yet
	 * @param agent gives access to the shared sockets
	 * @param policy when it lets connections in
	 * @return it, as the drain sees it
	 */
	static SharedConnector of(ServerConnector connector, WorkerAgent agent, AcceptPolicy policy) {
		SharedConnector shared = new SharedConnector(connector, agent, policy);
		connector.addEventListener(shared);
		connector.addBean(shared.new Arrivals());
		return shared;
	}

	@Override
	public void lifeCycleStarting(LifeCycle event) {
		this.draining = false;
		InetSocketAddress address = (this.connector.getHost() != null)
				? new InetSocketAddress(this.connector.getHost(), this.connector.getPort())
				: new InetSocketAddress(this.connector.getPort());
		try {
			SharedServerSocket socket = this.agent.sockets().listen(address, this.policy, this::bind);
			SharedChannel channel = new SharedChannel(socket);
			this.channel = channel;
			this.connector.open(channel);
		}
		catch (IOException ex) {
			PortInUseException.throwIfPortBindingException(ex, this.connector::getPort);
			throw new WebServerException("Unable to listen on " + address, ex);
		}
	}

	private void bind(ServerSocketChannel channel, InetSocketAddress address) throws IOException {
		channel.setOption(StandardSocketOptions.SO_REUSEADDR, this.connector.getReuseAddress());
		if (this.connector.isReusePort()) {
			channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
		}
		channel.bind(address, this.connector.getAcceptQueueSize());
	}

	@Override
	public void lifeCycleStarted(LifeCycle event) {
		this.agent.register(this);
	}

	@Override
	public void lifeCycleStopping(LifeCycle event) {
		this.agent.deregister(this);
	}

	@Override
	public void lifeCycleFailure(LifeCycle event, Throwable cause) {
		this.agent.deregister(this);
		IO.close(this.channel);
	}

	void begun(Exchange exchange) {
		this.exchanges.add(exchange);
	}

	void ended(Exchange exchange) {
		this.exchanges.remove(exchange);
	}

	void upgraded(Connection session) {
		this.sessions.add(session);
	}

	boolean isDraining() {
		return this.draining;
	}

	@Override
	public void closeGracefully() {
		SharedChannel channel = this.channel;
		if (!this.draining && channel != null) {
			this.draining = true;
			channel.leave(HAND_OVER);
		}
		this.open.goAway();
	}

	@Override
	public int connections() {
		SharedChannel channel = this.channel;
		return this.open.count() + ((channel != null) ? channel.unlisted() : 0);
	}

	@Override
	public int idleConnections(Duration idle) {
		return this.open.countIdle(idle);
	}

	@Override
	public int closeIdle(Duration idle, int atMost) {
		this.open.closeFinished(idle);
		return this.open.closeIdle(idle, atMost);
	}

	@Override
	public int sessions() {
		return this.sessions.count();
	}

	@Override
	public void endLongLived() {
		this.sessions.goAway();
		this.exchanges.forEach(Exchange::expire);
	}

	/**
	 * A connection is listed by the connector some time after it was accepted, and has
	 * been when it is told to listeners.
	 */
	private final class Arrivals implements Connection.Listener {

		@Override
		public void onOpened(Connection connection) {
			SharedChannel channel = SharedConnector.this.channel;
			Object transport = connection.getEndPoint().getTransport();
			if (channel != null && transport != null) {
				channel.listed(transport);
			}
		}

	}

}
