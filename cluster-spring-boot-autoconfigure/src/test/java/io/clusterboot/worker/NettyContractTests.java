package io.clusterboot.worker;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;

/**
 * {@link ServerContractTests The contract} of Reactor Netty.
 */
class NettyContractTests extends ServerContractTests {

	@Override
	SpringApplication application() {
		SpringApplication application = new SpringApplication(ReactiveContractApplication.class);
		application.setWebApplicationType(WebApplicationType.REACTIVE);
		return application;
	}

	@Override
	String oneConnection() {
		return ReactiveContractApplication.MAX_CONNECTIONS + "=1";
	}

	@Override
	boolean holdsThreads() {
		return false;
	}

	@Override
	boolean sendsFiles() {
		return true;
	}

}
