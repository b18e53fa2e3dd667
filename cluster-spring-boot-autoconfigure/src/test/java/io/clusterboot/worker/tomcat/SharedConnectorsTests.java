package io.clusterboot.worker.tomcat;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.Http11Nio2Protocol;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SharedConnectors}: what cannot be shared. The rest is tested with real
 * clusters.
 */
class SharedConnectorsTests {

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private final SharedConnectors connectors = new SharedConnectors(this.agent, AcceptPolicy.WHEN_READY);

	private final TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory(0);

	@BeforeEach
	void trackRequests() {
		given(this.agent.requests()).willReturn(new RequestTracker());
	}

	@Test
	void otherProtocol() {
		this.factory.setProtocol(Http11Nio2Protocol.class.getName());
		assertRefused(() -> this.connectors.customize(this.factory),
				"the protocol " + Http11Nio2Protocol.class.getName());
	}

	@Test
	void otherProtocolOfAnAdditionalConnector() {
		this.factory.addAdditionalConnectors(new Connector("AJP/1.3"));
		assertRefused(() -> this.connectors.customize(this.factory), "the protocol org.apache.coyote.ajp.");
	}

	@ParameterizedTest
	@CsvSource({ "useInheritedChannel, true", "unixDomainSocketPath, /tmp/none" })
	void connectorThatDoesNotListenOnAPort(String property, String value) {
		this.factory.addConnectorCustomizers((connector) -> connector.setProperty(property, value));
		this.connectors.customize(this.factory);
		assertRefused(this.factory::getWebServer, "inherited channel or a UNIX domain socket");
	}

	@Test
	void additionalConnectorThatDoesNotListenOnAPort() {
		Connector additional = new Connector();
		additional.setProperty("unixDomainSocketPath", "/tmp/none");
		this.factory.addAdditionalConnectors(additional);
		assertRefused(() -> this.connectors.customize(this.factory), "inherited channel or a UNIX domain socket");
	}

	private static void assertRefused(ThrowingCallable start, String reason) {
		assertThatExceptionOfType(UnsharableServerException.class).isThrownBy(start)
			.withMessageStartingWith("Workers cannot share")
			.withMessageContaining(reason);
	}

}
