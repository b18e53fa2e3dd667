package io.clusterboot.worker.netty;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import io.netty.channel.unix.DomainSocketAddress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerConfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SharedHttpServer}: what cannot be shared. The rest is tested with real
 * clusters.
 */
class SharedHttpServerTests {

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private SharedHttpServer server;

	@BeforeEach
	void createServer() {
		given(this.agent.requests()).willReturn(new RequestTracker());
		this.server = new SharedHttpServer(this.agent, AcceptPolicy.WHEN_READY);
	}

	@Test
	void domainSocket() {
		HttpServer local = HttpServer.create().bindAddress(() -> new DomainSocketAddress("/tmp/none"));
		assertThatExceptionOfType(UnsharableServerException.class).isThrownBy(() -> this.server.share(local))
			.withMessageContaining("UNIX domain socket");
	}

	/**
	 * Without native code, which not every platform has, there is no other server with
	 * HTTP/3.
	 */
	@Test
	void http3() {
		HttpServerConfig config = mock(HttpServerConfig.class);
		given(config.protocols()).willReturn(new HttpProtocol[] { HttpProtocol.HTTP11, HttpProtocol.HTTP3 });
		HttpServer http3 = mock(HttpServer.class);
		given(http3.configuration()).willReturn(config);
		assertThatExceptionOfType(UnsharableServerException.class).isThrownBy(() -> this.server.share(http3))
			.withMessage("Workers cannot share the port of a Reactor Netty server with HTTP/3.");
	}

	@Test
	void limitOfConnectionsIsTheServers() {
		this.server.share(HttpServer.create().maxConnections(3));
		assertThat(this.server.maxConnections()).isEqualTo(3);
	}

}
