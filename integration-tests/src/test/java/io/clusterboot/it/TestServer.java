package io.clusterboot.it;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

import io.clusterboot.it.app.PortsApplication;
import io.clusterboot.it.reactive.ReactiveApplication;

/**
 * The web servers that the same tests run against. {@code -Dtest.server=jetty} or
 * {@code netty} selects another one than Tomcat.
 */
enum TestServer {

	/**
	 * Spring MVC on Tomcat.
	 */
	TOMCAT(PortsApplication.class, "jetty|jakarta\\.(servlet|websocket)|" + TestServer.REACTIVE),

	/**
	 * Spring MVC on Jetty, which uses Tomcat's expression language.
	 */
	JETTY(PortsApplication.class, "tomcat(?!-embed-el)|" + TestServer.REACTIVE),

	/**
	 * Spring WebFlux on Reactor Netty.
	 */
	NETTY(ReactiveApplication.class, "tomcat|jetty|webmvc|servlet|websocket");

	private static final String REACTIVE = "netty|webflux|reactor|reactive-streams";

	private final Class<?> application;

	private final Pattern othersJars;

	TestServer(Class<?> application, String othersJars) {
		this.application = application;
		this.othersJars = Pattern.compile("[\\\\/][^\\\\/]*(" + othersJars + ")[^\\\\/]*\\.jar$");
	}

	static TestServer selected() {
		return valueOf(System.getProperty("test.server", TOMCAT.name()).toUpperCase(Locale.ROOT));
	}

	/**
	 * The application that most tests start.
	 * @return its main class
	 */
	Class<?> application() {
		return this.application;
	}

	/**
	 * Whether applications are to have something on their class path: Spring Boot chooses
	 * the server by that.
	 * @param entry an entry of the tests' class path
	 * @return whether it is for this server, or has nothing to do with servers
	 */
	boolean needs(Path entry) {
		return !this.othersJars.matcher(entry.toString()).find();
	}

	/**
	 * Whether a server can listen on several ports.
	 */
	boolean hasConnectors() {
		return this != NETTY;
	}

	/**
	 * Whether kept-alive connections move to other workers.
	 */
	boolean handsConnectionsOver() {
		return this == TOMCAT;
	}

	/**
	 * Whether a request that is processed holds a thread of the server.
	 */
	boolean holdsThreads() {
		return this != NETTY;
	}

}
