package io.clusterboot.worker.jetty;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.Graceful;

/**
 * The connections that an upgrade has made something else than HTTP, such as WebSockets.
 */
final class Sessions {

	private final Server server;

	private final Set<Connection> connections = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	Sessions(Server server) {
		this.server = server;
	}

	void add(Connection connection) {
		this.connections.add(connection);
	}

	boolean contains(Connection connection) {
		return this.connections.contains(connection);
	}

	int count() {
		synchronized (this.connections) {
			this.connections.removeIf((connection) -> !connection.getEndPoint().isOpen());
			return this.connections.size();
		}
	}

	/**
	 * Have all say goodbye, as a container does that stops. Those of one kind are known
	 * to a component of the server, for all of its connectors.
	 */
	void goAway() {
		this.server.getContainedBeans(Graceful.class)
			.stream()
			.filter((component) -> !(component instanceof Connector) && !(component instanceof Handler))
			.forEach(Graceful::shutdown);
	}

}
