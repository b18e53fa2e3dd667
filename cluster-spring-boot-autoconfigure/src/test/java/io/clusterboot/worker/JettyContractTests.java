package io.clusterboot.worker;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;

/**
 * {@link ServerContractTests The contract} of Jetty.
 */
class JettyContractTests extends ServerContractTests {

	@Override
	SpringApplication application() {
		SpringApplication application = new SpringApplication(ServletContractApplication.class, Server.class);
		application.setWebApplicationType(WebApplicationType.SERVLET);
		return application;
	}

	@Override
	String oneConnection() {
		return "server.jetty.max-connections=1";
	}

	@Override
	boolean hasWebSockets() {
		return ClassUtils.isPresent(
				"org.eclipse.jetty.ee11.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer",
				getClass().getClassLoader());
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(JettyServletWebServerAutoConfiguration.class)
	static class Server {

	}

}
