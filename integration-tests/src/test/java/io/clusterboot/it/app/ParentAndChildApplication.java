package io.clusterboot.it.app;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;

/**
 * The application of the port tests as the child of a context without a web server, each
 * with a SpringApplication of its own.
 */
public final class ParentAndChildApplication {

	private ParentAndChildApplication() {
	}

	public static void main(String[] args) {
		new SpringApplicationBuilder(Parent.class).web(WebApplicationType.NONE)
			.child(PortsApplication.class)
			.web(WebApplicationType.SERVLET)
			.run(args);
	}

	/**
	 * Has nothing in it.
	 */
	static class Parent {

	}

}
