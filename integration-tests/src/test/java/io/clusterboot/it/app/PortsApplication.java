package io.clusterboot.it.app;

import java.net.InetAddress;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.AbstractHttp11Protocol;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;

/**
 * The application of the port tests: an ordinary web application that tells which process
 * answered, and how it saw the request. It knows nothing of clusters.
 */
@SpringBootApplication
@EnableWebSocket
public class PortsApplication {

	public static void main(String[] args) {
		SpringApplication.run(PortsApplication.class, args);
	}

	/**
	 * A second connector as the Spring Boot manual adds it. Its settings differ from the
	 * main connector's, for a test to see that they survive.
	 */
	@Bean
	@ConditionalOnProperty("app.extra-port")
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> extraConnector(
			@Value("${app.extra-port}") int extraPort) {
		return (factory) -> factory.addAdditionalConnectors(extraConnectorOn(extraPort));
	}

	@Bean
	WebSocketConfigurer echoConfigurer() {
		return (registry) -> registry.addHandler(new EchoHandler(), "/echo");
	}

	private static Connector extraConnectorOn(int port) {
		Connector connector = new Connector();
		connector.setPort(port);
		connector.setScheme("https");
		connector.setSecure(true);
		connector.setMaxPostSize(1234);
		connector.setProperty("relaxedQueryChars", "|");
		AbstractHttp11Protocol<?> protocol = (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
		protocol.setAddress(InetAddress.getLoopbackAddress());
		protocol.setMaxHttpRequestHeaderSize(2048);
		protocol.setMaxKeepAliveRequests(3);
		return connector;
	}

}
