package io.clusterboot.worker.netty;

import java.util.function.Supplier;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharableServers;
import io.clusterboot.worker.WorkerAgent;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * Makes the servers of Reactor Netty share their sockets.
 */
public final class SharedHttpServers extends SharableServers<NettyReactiveWebServerFactory> {

	private final Supplier<@Nullable ReactorResourceFactory> resources;

	/**
	 * Create a customizer.
	 * @param agent gives access to the shared sockets
	 * @param policy when the servers let connections in
	 * @param resources the application's event loops, or {@code null} for the global
	 * ones; asked when a server starts
	 */
	public SharedHttpServers(WorkerAgent agent, AcceptPolicy policy,
			Supplier<@Nullable ReactorResourceFactory> resources) {
		super(NettyReactiveWebServerFactory.class, agent, policy);
		this.resources = resources;
	}

	/**
	 * A server customizer cannot set the event loops, since the factory's come after all
	 * of them.
	 */
	@Override
	public void customize(NettyReactiveWebServerFactory factory) {
		SharedHttpServer server = new SharedHttpServer(agent(), policy());
		factory.setResourceFactory(new SharedResources(server, this.resources));
		factory.addServerCustomizers(server::share);
	}

}
