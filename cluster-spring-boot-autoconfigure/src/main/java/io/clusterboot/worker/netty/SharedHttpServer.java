package io.clusterboot.worker.netty;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServer;
import io.clusterboot.worker.SharedServerSocket;
import io.clusterboot.worker.SharedSockets;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerConfig;

/**
 * A server of Reactor Netty on a shared socket.
 */
final class SharedHttpServer implements SharedServer {

	private final WorkerAgent agent;

	private final AcceptPolicy policy;

	private final OpenConnections connections = new OpenConnections();

	private final RequestsInFlight requests;

	private volatile int maxConnections;

	private volatile @Nullable SharedServerChannel channel;

	private volatile boolean draining;

	SharedHttpServer(WorkerAgent agent, AcceptPolicy policy) {
		this.agent = agent;
		this.policy = policy;
		this.requests = new RequestsInFlight(agent.requests());
	}

	/**
	 * Have what the server does on its connections followed.
	 * @param server the server as it has been configured
	 * @return the server to use
	 */
	HttpServer share(HttpServer server) {
		HttpServerConfig config = server.configuration();
		if (Arrays.asList(config.protocols()).contains(HttpProtocol.HTTP3)) {
			throw new UnsharableServerException("Workers cannot share the port of a Reactor Netty server with HTTP/3.");
		}
		Supplier<? extends SocketAddress> address = config.bindAddress();
		if (address != null && !(address.get() instanceof InetSocketAddress)) {
			throw new UnsharableServerException(
					"Workers cannot share a Reactor Netty server with a UNIX domain socket.");
		}
		this.maxConnections = config.maxConnections();
		return server.childObserve(this.requests).doOnChannelInit((observer, connection, remoteAddress) -> {
			if (connection instanceof SharedConnection shared) {
				Exchanges.follow(shared, () -> this.draining, () -> this.requests.end(shared));
			}
		});
	}

	int maxConnections() {
		return this.maxConnections;
	}

	SharedServerSocket listen(InetSocketAddress address, SharedSockets.Binder binder) throws IOException {
		return this.agent.sockets().listen(address, this.policy, binder);
	}

	void started(SharedServerChannel channel) {
		this.channel = channel;
		this.draining = false;
		this.agent.register(this);
	}

	void stopped() {
		this.agent.deregister(this);
	}

	OpenConnections open() {
		return this.connections;
	}

	@Override
	public void closeGracefully() {
		SharedServerChannel listening = this.channel;
		if (!this.draining && listening != null) {
			this.draining = true;
			listening.leave();
		}
		// A connection may have become one of HTTP/2 since it was told the last time.
		this.connections.goAway();
	}

	@Override
	public int connections() {
		return this.connections.count();
	}

	@Override
	public int idleConnections(Duration idle) {
		return this.connections.countIdle(idle);
	}

	@Override
	public int closeIdle(Duration idle, int atMost) {
		this.connections.closeIdleHttp2(idle);
		return this.connections.closeIdle(idle, atMost);
	}

	@Override
	public int sessions() {
		return this.connections.countSessions();
	}

	@Override
	public void endLongLived() {
		this.connections.forEachSession(Farewell::endSession);
		for (Channel requested : this.requests.channels()) {
			requested.eventLoop().execute(() -> Farewell.endRequest(requested));
		}
	}

}
