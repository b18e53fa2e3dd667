package io.clusterboot.worker.jetty;

import java.util.IdentityHashMap;
import java.util.Map;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharableServers;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;

/**
 * Makes all connectors of a Jetty that serves servlets share their sockets, each with its
 * settings.
 */
public final class SharedServerConnectors extends SharableServers<JettyServletWebServerFactory> {

	/**
	 * Create a customizer.
	 * @param agent gives access to the shared sockets
	 * @param policy when the connectors let connections in
	 */
	public SharedServerConnectors(WorkerAgent agent, AcceptPolicy policy) {
		super(JettyServletWebServerFactory.class, agent, policy);
	}

	@Override
	public void customize(JettyServletWebServerFactory factory) {
		factory.addServerCustomizers(this::share);
		factory.addInitializers(AsyncDispatches::track);
	}

	private void share(Server server) {
		Map<Connector, SharedConnector> shared = new IdentityHashMap<>();
		for (Connector connector : server.getConnectors()) {
			if (!(connector instanceof LocalConnector)) {
				ServerConnector sharable = requireSharable(connector);
				shared.put(sharable, SharedConnector.of(sharable, agent(), policy()));
			}
		}
		server.insertHandler(new TrackingHandler(agent().requests(), shared));
	}

	private static ServerConnector requireSharable(Connector connector) {
		if (!(connector instanceof ServerConnector serverConnector)) {
			throw new UnsharableServerException("Workers cannot share what a Jetty connector of the type %s listens on."
				.formatted(connector.getClass().getName()));
		}
		if (serverConnector.isInheritChannel()) {
			throw new UnsharableServerException("Workers cannot share a Jetty connector with an inherited channel.");
		}
		if (serverConnector.getAcceptors() == 0) {
			throw new UnsharableServerException(
					"Workers cannot share the port of a Jetty connector that accepts on its selectors' threads "
							+ "(server.jetty.threads.acceptors=0): it would make the socket non-blocking for all of "
							+ "them.");
		}
		return serverConnector;
	}

}
