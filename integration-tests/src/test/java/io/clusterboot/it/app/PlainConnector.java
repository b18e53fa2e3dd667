package io.clusterboot.it.app;

import java.net.InetAddress;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A second connector with the usual settings, for an application whose main connector
 * uses TLS.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("app.plain-port")
class PlainConnector {

	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> addPlainConnector(
			@Value("${app.plain-port}") int plainPort) {
		return (factory) -> {
			Connector connector = new Connector();
			connector.setPort(plainPort);
			((AbstractProtocol<?>) connector.getProtocolHandler()).setAddress(InetAddress.getLoopbackAddress());
			factory.addAdditionalConnectors(connector);
		};
	}

}
