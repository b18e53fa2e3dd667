package io.clusterboot.it.app;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.jetty.JettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Additional connectors of Jetty, as the Spring Boot manual adds them.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(JettyServerCustomizer.class)
class JettyConnectors {

	/**
	 * A second connector. Its settings differ from the main connector's, for a test to
	 * see that they survive.
	 */
	@Bean
	@ConditionalOnProperty("app.extra-port")
	JettyServerCustomizer extraConnector(@Value("${app.extra-port}") int extraPort) {
		return (server) -> {
			HttpConfiguration configuration = new HttpConfiguration();
			configuration.setSendServerVersion(true);
			configuration.addCustomizer(JettyConnectors::secure);
			addConnector(server, extraPort, configuration);
		};
	}

	private static Request secure(Request request, HttpFields.Mutable responseHeaders) {
		HttpURI uri = HttpURI.build(request.getHttpURI()).scheme("https").asImmutable();
		return new Request.Wrapper(request) {

			@Override
			public HttpURI getHttpURI() {
				return uri;
			}

			@Override
			public boolean isSecure() {
				return true;
			}

		};
	}

	/**
	 * A second connector in plain text, for an application whose main connector uses TLS.
	 */
	@Bean
	@ConditionalOnProperty("app.plain-port")
	JettyServerCustomizer plainConnector(@Value("${app.plain-port}") int plainPort) {
		return (server) -> addConnector(server, plainPort, new HttpConfiguration());
	}

	private static void addConnector(Server server, int port, HttpConfiguration configuration) {
		ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(configuration));
		connector.setHost("127.0.0.1");
		connector.setPort(port);
		server.addConnector(connector);
	}

}
