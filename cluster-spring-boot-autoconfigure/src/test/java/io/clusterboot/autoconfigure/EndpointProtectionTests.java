package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.worker.WorkerAgent;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mockito.MockedStatic;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;
import static org.mockito.Mockito.never;

/**
 * What pages of other origins can do, on each server. The primary does not answer, so
 * that an operation that is let through ends with 503.
 */
class EndpointProtectionTests {

	private static final int LET_THROUGH = 503;

	private static final int REFUSED = 403;

	private static final String ABORT = "/actuator/cluster/abort";

	private static final String FOREIGN = "Origin: https://evil.example";

	private final WorkerAgent agent = mock(WorkerAgent.class);

	EndpointProtectionTests() throws IOException {
		given(this.agent.identity()).willReturn(new WorkerIdentity(1, 0, 0, 0, Path.of("socket"), PortSharing.HANDLES));
		given(this.agent.describe()).willThrow(new IOException("There is no primary"));
		given(this.agent.describeWithEvents()).willThrow(new IOException("There is no primary"));
		given(this.agent.command(any()))
			.willAnswer((call) -> CompletableFuture.failedFuture(new IOException("There is no primary")));
	}

	@ParameterizedTest
	@EnumSource
	void whatSaysThatAPageOfAnotherOriginSentItIsRefused(Server server) throws Exception {
		try (Client client = start(server)) {
			for (String header : List.of(FOREIGN, "Origin: null", "Origin: http://[", "Origin: " + client.origin(1),
					"Origin: https" + client.origin(0).substring("http".length()), "Sec-Fetch-Site: cross-site",
					"Sec-Fetch-Site: same-site")) {
				HttpResponse<String> response = client.post(ABORT, header);
				assertThat(response.statusCode()).as(header).isEqualTo(REFUSED);
				assertThat(response.body()).startsWith("{\"error\":\"A page of another origin has sent this request");
				assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
			}
			assertThat(client.post(ABORT + "?wait=1s", FOREIGN).statusCode()).isEqualTo(REFUSED);
			assertThat(client.post("/actuator/%63luster/abort", FOREIGN).statusCode()).isEqualTo(REFUSED);
			assertThat(client.post("/actuator/cluster;a=b/abort", FOREIGN).statusCode()).isEqualTo(REFUSED);
			then(this.agent).should(never()).command(any());
		}
	}

	@ParameterizedTest
	@EnumSource
	void itsOwnPageAndWhatIsNoBrowserAreLetThrough(Server server) throws Exception {
		try (Client client = start(server)) {
			assertThat(client.post(ABORT).statusCode()).isEqualTo(LET_THROUGH);
			assertThat(client.post(ABORT, "Sec-Fetch-Site: none").statusCode()).isEqualTo(LET_THROUGH);
			assertThat(client.post(ABORT, "Origin: " + client.origin(0)).statusCode()).isEqualTo(LET_THROUGH);
			assertThat(client.post(ABORT, "Sec-Fetch-Site: same-origin", "Origin: https://behind-proxy.example")
				.statusCode()).as("a proxy that changes the host").isEqualTo(LET_THROUGH);
			assertThat(client.get("/actuator/cluster/dashboard", "Sec-Fetch-Site: cross-site").statusCode())
				.as("a link to the page")
				.isEqualTo(200);
		}
	}

	@ParameterizedTest
	@EnumSource
	void aProxyMayTellItsName(Server server) throws Exception {
		String[] forwarded = { "X-Forwarded-Proto: https", "X-Forwarded-Host: ops.example", "X-Forwarded-Port: 443" };
		for (String strategy : List.of("framework", "native")) {
			try (Client client = start(server, "server.forward-headers-strategy=" + strategy)) {
				assertThat(client.post(ABORT, with(forwarded, "Origin: https://ops.example")).statusCode()).as(strategy)
					.isEqualTo(LET_THROUGH);
				assertThat(client.post(ABORT, with(forwarded, FOREIGN)).statusCode()).as(strategy).isEqualTo(REFUSED);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void originsThatMayCallEndpointsMayCallThisOne(Server server) throws Exception {
		try (Client client = start(server, "management.endpoints.web.cors.allowed-origins=https://ops.example",
				"management.endpoints.web.cors.allowed-methods=POST")) {
			assertThat(client.post(ABORT, "Origin: https://ops.example", "Sec-Fetch-Site: cross-site").statusCode())
				.isEqualTo(LET_THROUGH);
			assertThat(client.post(ABORT, FOREIGN).statusCode()).isEqualTo(REFUSED);
		}
	}

	@ParameterizedTest
	@EnumSource
	void itHoldsWhereverTheEndpointIs(Server server) throws Exception {
		try (Client client = start(server, "server.servlet.context-path=/shop", "spring.mvc.servlet.path=/mvc",
				"spring.webflux.base-path=/shop/mvc", "management.endpoints.web.base-path=/manage",
				"management.endpoints.web.path-mapping.cluster=nodes/here",
				"management.endpoints.web.path-mapping.clusterdashboard=show")) {
			String base = "/shop/mvc/manage/";
			assertThat(client.post(base + "nodes/here/abort").statusCode()).isEqualTo(LET_THROUGH);
			assertThat(client.post(base + "nodes/here/abort", FOREIGN).statusCode()).isEqualTo(REFUSED);
			assertProtected(client.get(base + "show"));
		}
	}

	@ParameterizedTest
	@EnumSource
	void allOfTheDashboardIsKeptOutOfFramesAndCaches(Server server) throws Exception {
		try (Client client = start(server)) {
			for (String path : List.of("", "/dashboard.js", "/dashboard.css", "/icon.svg", "/state", "/session")) {
				assertProtected(client.get("/actuator/cluster/dashboard" + path));
			}
			assertProtected(client.get("/actuator/cluster"));
			HttpResponse<InputStream> stream = client.send(client.request("/actuator/cluster/dashboard/events").build(),
					BodyHandlers.ofInputStream());
			try (InputStream body = stream.body()) {
				assertThat(body).isNotNull();
				assertThat(stream.statusCode()).isEqualTo(200);
				assertProtected(stream);
			}
			assertThat(client.get("/actuator/clusters").headers().firstValue("X-Frame-Options")).isEmpty();
		}
	}

	private static void assertProtected(HttpResponse<?> response) {
		assertThat(response.statusCode()).as(response.uri().toString()).isIn(200, 503);
		assertThat(response.headers().allValues("Cache-Control")).containsExactly("no-store");
		assertThat(response.headers().allValues("X-Content-Type-Options")).containsExactly("nosniff");
		assertThat(response.headers().allValues("X-Frame-Options")).containsExactly("DENY");
		assertThat(response.headers().allValues("Content-Security-Policy")).singleElement()
			.asString()
			.contains("default-src 'none'", "frame-ancestors 'none'");
	}

	private static String[] with(String[] headers, String header) {
		return Stream.concat(Stream.of(headers), Stream.of(header)).toArray(String[]::new);
	}

	private Client start(Server server, String... properties) {
		SpringApplication application = new SpringApplication(server.application, server.configuration,
				Endpoints.class);
		application.setWebApplicationType(server.type);
		application.setRegisterShutdownHook(false);
		application.addInitializers((context) -> context.getBeanFactory().registerSingleton("agent", this.agent));
		try (MockedStatic<WorkerAgent> agents = mockStatic(WorkerAgent.class)) {
			agents.when(WorkerAgent::current).thenReturn(this.agent);
			return new Client(application.run(Stream
				.concat(Stream.of("server.address=127.0.0.1", "server.port=0", "spring.main.banner-mode=off",
						"spring.reactor.netty.shutdown-quiet-period=0s",
						"management.endpoints.web.exposure.include=cluster,clusterdashboard",
						"management.endpoint.cluster.access=unrestricted"), Stream.of(properties))
				.map((property) -> "--" + property)
				.toArray(String[]::new)));
		}
	}

	private record Client(ConfigurableApplicationContext context, HttpClient http) implements AutoCloseable {

		Client(ConfigurableApplicationContext context) {
			this(context, HttpClient.newHttpClient());
		}

		/**
		 * How a browser calls this server, or one at another port.
		 */
		String origin(int offset) {
			return "http://127.0.0.1:"
					+ (((WebServerApplicationContext) this.context).getWebServer().getPort() + offset);
		}

		HttpRequest.Builder request(String path, String... headers) {
			HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(origin(0) + path));
			for (String header : headers) {
				String[] parts = header.split(": ", 2);
				builder.header(parts[0], parts[1]);
			}
			return builder;
		}

		HttpResponse<String> get(String path, String... headers) throws Exception {
			return send(request(path, headers).build(), BodyHandlers.ofString());
		}

		HttpResponse<String> post(String path, String... headers) throws Exception {
			return send(request(path, headers).POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());
		}

		<T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) throws Exception {
			return this.http.send(request, handler);
		}

		@Override
		public void close() {
			this.context.close();
		}

	}

	enum Server {

		TOMCAT(WebApplicationType.SERVLET, Servlets.class, Tomcat.class),

		JETTY(WebApplicationType.SERVLET, Servlets.class, Jetty.class),

		NETTY(WebApplicationType.REACTIVE, Reactive.class, Netty.class);

		private final WebApplicationType type;

		private final Class<?> application;

		private final Class<?> configuration;

		Server(WebApplicationType type, Class<?> application, Class<?> configuration) {
			this.type = type;
			this.application = application;
			this.configuration = configuration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(ClusterProperties.class)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, EndpointAutoConfiguration.class,
			JacksonEndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
			ManagementContextAutoConfiguration.class, ClusterEndpointAutoConfiguration.class,
			ClusterDashboardAutoConfiguration.class })
	static class Endpoints {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class })
	static class Servlets {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(TomcatServletWebServerAutoConfiguration.class)
	static class Tomcat {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(JettyServletWebServerAutoConfiguration.class)
	static class Jetty {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ HttpHandlerAutoConfiguration.class, WebFluxAutoConfiguration.class })
	static class Reactive {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(NettyReactiveWebServerAutoConfiguration.class)
	static class Netty {

	}

}
