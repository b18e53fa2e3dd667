package io.clusterboot.it.reactive;

import org.springframework.beans.factory.config.AutowireCapableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.stereotype.Component;

/**
 * A second port in plain text, which with Reactor Netty is a second server. It is
 * customized as the main one is.
 */
@Component
@ConditionalOnExpression("environment.containsProperty('app.extra-port') || environment.containsProperty('app.plain-port')")
class ExtraServer implements SmartLifecycle {

	private final HttpHandler handler;

	private final AutowireCapableBeanFactory beans;

	private final int port;

	private WebServer server;

	ExtraServer(HttpHandler handler, AutowireCapableBeanFactory beans, Environment environment) {
		this.handler = handler;
		this.beans = beans;
		this.port = environment.getProperty("app.extra-port", Integer.class,
				environment.getProperty("app.plain-port", Integer.class, 0));
	}

	@Override
	public void start() {
		NettyReactiveWebServerFactory factory = new NettyReactiveWebServerFactory();
		this.beans.initializeBean(factory, "extraServerFactory");
		factory.setPort(this.port);
		factory.setSsl(null);
		this.server = factory.getWebServer(this.handler);
		this.server.start();
	}

	@Override
	public void stop() {
		this.server.stop();
		this.server = null;
	}

	@Override
	public boolean isRunning() {
		return this.server != null;
	}

	/**
	 * After the main server, before that of the management port.
	 */
	@Override
	public int getPhase() {
		return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE + 1;
	}

}
