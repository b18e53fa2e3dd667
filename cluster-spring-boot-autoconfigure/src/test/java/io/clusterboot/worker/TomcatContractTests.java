package io.clusterboot.worker;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.context.annotation.Configuration;

/**
 * {@link ServerContractTests The contract} of Tomcat.
 */
class TomcatContractTests extends ServerContractTests {

	@Override
	SpringApplication application() {
		SpringApplication application = new SpringApplication(ServletContractApplication.class, Server.class);
		application.setWebApplicationType(WebApplicationType.SERVLET);
		return application;
	}

	@Override
	String oneConnection() {
		return "server.tomcat.max-connections=1";
	}

	@Override
	boolean handsOver() {
		return true;
	}

	@Override
	boolean sendsFiles() {
		return true;
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(TomcatServletWebServerAutoConfiguration.class)
	static class Server {

	}

}
