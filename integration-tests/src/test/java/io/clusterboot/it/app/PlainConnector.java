package io.clusterboot.it.app;

import java.net.InetAddress;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.AbstractHttp11Protocol;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A second connector in plain text, for an application whose main connector uses TLS. It
 * ends no connection by itself.
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
			AbstractHttp11Protocol<?> protocol = (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
			protocol.setAddress(InetAddress.getLoopbackAddress());
			protocol.setMaxKeepAliveRequests(-1);
			factory.addAdditionalConnectors(connector);
		};
	}

}
