package io.clusterboot.worker;

import org.springframework.boot.web.server.WebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;

/**
 * The web servers of one kind, which it makes listen on shared sockets. Comes after all
 * other customizers of their factories.
 *
 * @param <F> type of the factories that make such servers
 */
public abstract class SharableServers<F extends WebServerFactory> implements WebServerFactoryCustomizer<F>, Ordered {

	private final Class<F> type;

	private final WorkerAgent agent;

	private final AcceptPolicy policy;

	/**
	 * Create a customizer.
	 * @param type type of the factories that make such servers
	 * @param agent gives access to the shared sockets
	 * @param policy when the servers let connections in
	 */
	protected SharableServers(Class<F> type, WorkerAgent agent, AcceptPolicy policy) {
		this.type = type;
		this.agent = agent;
		this.policy = policy;
	}

	protected final WorkerAgent agent() {
		return this.agent;
	}

	protected final AcceptPolicy policy() {
		return this.policy;
	}

	/**
	 * Whether a factory makes such servers.
	 * @param factory the factory
	 * @return whether it does
	 */
	public final boolean includes(WebServerFactory factory) {
		return this.type.isInstance(factory);
	}

	@Override
	public final int getOrder() {
		return LOWEST_PRECEDENCE;
	}

}
