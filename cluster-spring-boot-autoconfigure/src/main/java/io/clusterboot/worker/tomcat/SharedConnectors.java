package io.clusterboot.worker.tomcat;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharableServers;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.Http11NioProtocol;

import org.springframework.boot.tomcat.TomcatWebServerFactory;

/**
 * Makes all connectors of a Tomcat share their sockets: the main one by its protocol, the
 * additional ones, which the application has created itself, by copies with the same
 * settings.
 */
public final class SharedConnectors extends SharableServers<TomcatWebServerFactory> {

	/**
	 * Create a customizer.
	 * @param agent gives access to the shared sockets
	 * @param policy when the connectors let connections in
	 */
	public SharedConnectors(WorkerAgent agent, AcceptPolicy policy) {
		super(TomcatWebServerFactory.class, agent, policy);
	}

	@Override
	public void customize(TomcatWebServerFactory factory) {
		requireNio(factory.getProtocol(), TomcatWebServerFactory.DEFAULT_PROTOCOL);
		factory.setProtocol(SharedHttp11NioProtocol.class.getName());
		factory.getConnectorCustomizers().add(this::share);
		factory.getAdditionalConnectors().replaceAll(this::sharedCopy);
	}

	private static void requireNio(String protocol, String supported) {
		if (!supported.equals(protocol)) {
			throw new UnsharableServerException(
					"Workers cannot share the port of a Tomcat connector with the protocol " + protocol + ".");
		}
	}

	private void share(Connector connector) {
		((SharedHttp11NioProtocol) connector.getProtocolHandler()).shareThrough(agent(), policy());
	}

	/**
	 * A connector's protocol handler and endpoint are final, so that another connector
	 * has to take its place, with all that has been set on the three.
	 */
	private Connector sharedCopy(Connector original) {
		requireNio(original.getProtocolHandler().getClass().getName(), Http11NioProtocol.class.getName());
		Http11NioProtocol originalProtocol = (Http11NioProtocol) original.getProtocolHandler();
		SharedHttp11NioProtocol protocol = new SharedHttp11NioProtocol();
		Connector copy = new Connector(protocol);
		ConnectorSettings.copy(originalProtocol, protocol);
		ConnectorSettings.copy(original, copy);
		share(copy);
		return copy;
	}

}
