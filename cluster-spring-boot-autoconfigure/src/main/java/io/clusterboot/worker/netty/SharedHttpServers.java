package io.clusterboot.worker.netty;

import java.util.function.Supplier;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharableServers;
import io.clusterboot.worker.WorkerAgent;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * Makes the servers of Reactor Netty share their sockets. Comes after all other
 * customizers.
 */
public final class SharedHttpServers
		implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory>, SharableServers, Ordered {

	private final WorkerAgent agent;

	private final AcceptPolicy policy;

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
		this.agent = agent;
		this.policy = policy;
		this.resources = resources;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public boolean includes(WebServerFactory factory) {
		return factory instanceof NettyReactiveWebServerFactory;
	}

	/**
	 * A server customizer cannot set the event loops, since the factory's come after all
	 * of them.
	 */
	@Override
	public void customize(NettyReactiveWebServerFactory factory) {
		SharedHttpServer server = new SharedHttpServer(this.agent, this.policy);
		factory.setResourceFactory(new SharedResources(server, this.resources));
		factory.addServerCustomizers(server::share);
	}

}
