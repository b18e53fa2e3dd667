package io.clusterboot.worker.tomcat;

import java.lang.reflect.Method;

import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;
import org.apache.coyote.UpgradeProtocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SSLHostConfig;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * Makes all connectors of a Tomcat share their sockets: the main one by its protocol, the
 * additional ones, which the application has created itself, by copies with the same
 * settings. Comes after all other customizers.
 */
public final class SharedConnectors implements WebServerFactoryCustomizer<TomcatWebServerFactory>, Ordered {

	private final WorkerAgent agent;

	/**
	 * Create a customizer.
	 * @param agent gives access to the shared sockets
	 */
	public SharedConnectors(WorkerAgent agent) {
		this.agent = agent;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
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
		((SharedHttp11NioProtocol) connector.getProtocolHandler()).shareThrough(this.agent);
	}

	/**
	 * A connector's protocol handler and endpoint are final, so that another connector
	 * has to take its place, with all that can be set on the three.
	 */
	private Connector sharedCopy(Connector original) {
		requireNio(original.getProtocolHandler().getClass().getName(), Http11NioProtocol.class.getName());
		Http11NioProtocol originalProtocol = (Http11NioProtocol) original.getProtocolHandler();
		SharedHttp11NioProtocol protocol = new SharedHttp11NioProtocol();
		Connector copy = new Connector(protocol);
		NioEndpoint originalEndpoint = endpoint(originalProtocol);
		BeanUtils.copyProperties(originalEndpoint.getSocketProperties(), protocol.endpoint().getSocketProperties());
		BeanUtils.copyProperties(originalEndpoint, protocol.endpoint());
		BeanUtils.copyProperties(originalProtocol, protocol);
		BeanUtils.copyProperties(original, copy);
		for (SSLHostConfig host : original.findSslHostConfigs()) {
			copy.addSslHostConfig(host);
		}
		for (UpgradeProtocol upgrade : original.findUpgradeProtocols()) {
			copy.addUpgradeProtocol(upgrade);
		}
		share(copy);
		return copy;
	}

	private static NioEndpoint endpoint(Http11NioProtocol protocol) {
		Method method = ReflectionUtils.findMethod(AbstractProtocol.class, "getEndpoint");
		Assert.state(method != null, "This version of Tomcat has no AbstractProtocol.getEndpoint()");
		ReflectionUtils.makeAccessible(method);
		NioEndpoint endpoint = (NioEndpoint) ReflectionUtils.invokeMethod(method, protocol);
		Assert.state(endpoint != null, "A protocol handler has an endpoint from the beginning");
		return endpoint;
	}

}
