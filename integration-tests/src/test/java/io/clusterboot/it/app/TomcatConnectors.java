package io.clusterboot.it.app;

import java.net.InetAddress;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.AbstractHttp11Protocol;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Additional connectors of Tomcat, as the Spring Boot manual adds them.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(TomcatServletWebServerFactory.class)
class TomcatConnectors {

	/**
	 * A second connector. Its settings differ from the main connector's, for a test to
	 * see that they survive.
	 */
	@Bean
	@ConditionalOnProperty("app.extra-port")
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> extraConnector(
			@Value("${app.extra-port}") int extraPort) {
		return (factory) -> {
			Connector connector = connectorOn(extraPort);
			connector.setScheme("https");
			connector.setSecure(true);
			connector.setMaxPostSize(1234);
			connector.setProperty("relaxedQueryChars", "|");
			AbstractHttp11Protocol<?> protocol = (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
			protocol.setMaxHttpRequestHeaderSize(2048);
			protocol.setMaxKeepAliveRequests(3);
			factory.addAdditionalConnectors(connector);
		};
	}

	/**
	 * A second connector in plain text, for an application whose main connector uses TLS.
	 * It ends no connection by itself.
	 */
	@Bean
	@ConditionalOnProperty("app.plain-port")
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> plainConnector(
			@Value("${app.plain-port}") int plainPort) {
		return (factory) -> {
			Connector connector = connectorOn(plainPort);
			((AbstractHttp11Protocol<?>) connector.getProtocolHandler()).setMaxKeepAliveRequests(-1);
			factory.addAdditionalConnectors(connector);
		};
	}

	private static Connector connectorOn(int port) {
		Connector connector = new Connector();
		connector.setPort(port);
		((AbstractHttp11Protocol<?>) connector.getProtocolHandler()).setAddress(InetAddress.getLoopbackAddress());
		return connector;
	}

}
