package io.clusterboot.it.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
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

	@Bean
	WebSocketConfigurer echoConfigurer() {
		return (registry) -> registry.addHandler(new EchoHandler(), "/echo");
	}

}
