package io.clusterboot.worker.jetty;

import java.util.function.Function;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.NetworkConnector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SharedServerConnectors}: what cannot be shared. The rest is tested
 * with real clusters.
 */
class SharedServerConnectorsTests {

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private final JettyServletWebServerFactory factory = new JettyServletWebServerFactory(0);

	@BeforeEach
	void trackRequests() {
		given(this.agent.requests()).willReturn(new RequestTracker());
	}

	@Test
	void connectorThatIsNotJettysOwn() {
		assertRefused((server) -> {
			Connector connector = mock(NetworkConnector.class);
			given(connector.getServer()).willReturn(server);
			return connector;
		}, "a Jetty connector of the type");
	}

	@Test
	void inheritedChannel() {
		assertRefused((server) -> {
			ServerConnector connector = new ServerConnector(server);
			connector.setInheritChannel(true);
			return connector;
		}, "inherited channel");
	}

	@Test
	void acceptingOnTheThreadsOfSelectors() {
		assertRefused((server) -> new ServerConnector(server, 0, 1), "server.jetty.threads.acceptors=0");
	}

	@Test
	void connectorWithoutASocketNeedsNotBeShared() {
		configure(LocalConnector::new);
		this.factory.getWebServer();
	}

	private void assertRefused(Function<Server, Connector> connector, String reason) {
		configure(connector);
		assertThatExceptionOfType(UnsharableServerException.class).isThrownBy(this.factory::getWebServer)
			.withMessageStartingWith("Workers cannot share")
			.withMessageContaining(reason);
	}

	private void configure(Function<Server, Connector> connector) {
		this.factory
			.addServerCustomizers((server) -> server.setConnectors(new Connector[] { connector.apply(server) }));
		new SharedServerConnectors(this.agent, AcceptPolicy.WHEN_READY).customize(this.factory);
	}

}
