package io.clusterboot.it;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Two workers share every port that the application opens, whatever is spoken there.
 */
@Tag("every-server")
@ExtendWith(PrintOutputOnFailure.class)
class PortTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static HttpConnection connect(int port) throws IOException {
		return HttpConnection.open(port, TIMEOUT);
	}

	private static HttpConnection.Reply get(int port, String path) throws IOException {
		try (HttpConnection connection = connect(port)) {
			return connection.get(path);
		}
	}

	private static JsonNode json(String body) {
		return JsonMapper.shared().readTree(body);
	}

	private static HttpResponse<String> get(HttpClient client, String uri) throws IOException, InterruptedException {
		return client.send(HttpRequest.newBuilder(URI.create(uri)).timeout(TIMEOUT).build(), BodyHandlers.ofString());
	}

	/**
	 * Main port, management port and the port of an additional connector, all chosen by
	 * the kernel.
	 */
	@Nested
	class PlainText {

		private static ClusterProcess cluster;

		private static List<Long> workers;

		@BeforeAll
		static void start() {
			cluster = ClusterProcess.ports()
				.workers(2)
				.property("server.port", 0)
				.property("management.server.port", 0)
				.property("app.extra-port", 0)
				.property("server.http2.enabled", true)
				// clients of the JDK leave connections open
				.property("cluster.drain.idle-grace", "200ms")
				.start();
			cluster.awaitReady();
			workers = cluster.workerPids();
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		@Test
		void workersAreTheChildrenOfThePrimary() {
			ClusterView view = cluster.cluster();
			assertThat(workers).hasSize(2).doesNotContain(cluster.pid());
			assertThat(view.pids()).containsExactlyInAnyOrderElementsOf(workers);
			assertThat(view.primary().pid()).isEqualTo(cluster.pid());
			assertThat(view.workers()).extracting(ClusterView.Worker::index).containsExactlyInAnyOrder(0, 1);
		}

		@Test
		void newConnectionsSpreadEvenly() {
			LoadResult result = LoadGenerator.on(cluster.port()).clients(4).requests(1000).run();
			System.out.printf("1,000 new connections over 2 workers: %s, ratio %.2f%n", result.answers(),
					result.ratio());
			result.assertNoFailures().assertAnsweredBy(workers);
			assertThat(result.answers().values()).as(result::table).allMatch((count) -> count >= 250);
		}

		@Test
		void keptConnectionStaysWithItsWorker() throws IOException {
			try (HttpConnection connection = connect(cluster.port())) {
				long pid = connection.get("/pid").pid();
				for (int i = 0; i < 20; i++) {
					HttpConnection.Reply reply = connection.get("/pid");
					assertThat(reply.pid()).isEqualTo(pid);
					assertThat(reply.closes()).isFalse();
				}
			}
		}

		@Test
		void kernelChoosesOnePortForAllWorkersAndAnotherForEachConnector() {
			List<List<Integer>> servers = cluster.awaitServers(4);
			Set<List<Integer>> distinct = new HashSet<>(servers);
			assertThat(distinct).containsExactlyInAnyOrder(List.of(cluster.port(), cluster.extraPort()),
					List.of(cluster.managementPort()));
			assertThat(Set.of(cluster.port(), cluster.extraPort(), cluster.managementPort())).hasSize(3)
				.doesNotContain(0);
		}

		@Test
		void everyWorkerKnowsItsRealPorts() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = json(get(cluster.port(), "/info").body());
				assertThat(info.get("localPort").asInt()).isEqualTo(cluster.port());
				assertThat(info.get("localServerPort").asInt()).isEqualTo(cluster.port());
				assertThat(info.get("localManagementPort").asInt()).isEqualTo(cluster.managementPort());
				return info.get("pid").asLong();
			});
		}

		@Test
		void endpointListsTheListeners() {
			assertThat(cluster.cluster().listeners()).extracting(ClusterView.Listener::port)
				.containsExactlyInAnyOrder(cluster.port(), cluster.extraPort(), cluster.managementPort());
			assertThat(cluster.cluster().listeners()).extracting(ClusterView.Listener::address)
				.allMatch((address) -> address.contains("127.0.0.1"));
		}

		@Test
		void managementPortIsShared() throws Exception {
			Pids.assertAllAnswer(workers, () -> ClusterProcess.cluster(cluster.managementPort()).answeredBy().pid());
			assertThat(get(cluster.port(), "/actuator/cluster").status()).isEqualTo(404);
		}

		@Test
		void additionalConnectorIsShared() throws Exception {
			Pids.assertAllAnswer(workers, () -> get(cluster.extraPort(), "/pid").pid());
		}

		@Test
		@DisabledIfSystemProperty(named = "test.server", matches = "netty",
				disabledReason = "Reactor Netty has no additional connectors")
		void additionalConnectorKeepsItsSettings() throws Exception {
			String longHeader = "X-Long: " + "x".repeat(4000);
			Pids.assertAllAnswer(workers, () -> {
				try (HttpConnection connection = connect(cluster.extraPort())) {
					JsonNode info = json(connection.get("/info?relaxed=a|b").body());
					assertThat(info.get("scheme").asString()).isEqualTo("https");
					assertThat(connection.get("/pid").closes()).isFalse();
					assertThat(connection.get("/pid").closes()).as("third answer of three").isTrue();
					return info.get("pid").asLong();
				}
			});
			assertThat(get(cluster.port(), "/pid?relaxed=a|b").status()).isEqualTo(400);
			assertThat(statusWith(cluster.extraPort(), longHeader)).isEqualTo(400);
			assertThat(statusWith(cluster.port(), longHeader)).isEqualTo(200);
		}

		private int statusWith(int port, String header) throws IOException {
			try (HttpConnection connection = connect(port)) {
				connection.send("GET", "/pid", new byte[0], header);
				return connection.read().status();
			}
		}

		@Test
		void onlyTheConfiguredAddressIsBound() throws IOException {
			for (int port : List.of(cluster.port(), cluster.extraPort(), cluster.managementPort())) {
				assertThat(ClusterProcess.isListening(port)).isTrue();
				try (Socket socket = new Socket()) {
					assertThatExceptionOfType(ConnectException.class)
						.isThrownBy(() -> socket.connect(new InetSocketAddress("127.0.0.2", port), 5000));
				}
			}
		}

		@Test
		void remoteAddressIsTheClients() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				try (HttpConnection connection = connect(cluster.port())) {
					JsonNode info = json(connection.get("/info").body());
					assertThat(info.get("remoteAddress").asString()).isEqualTo("127.0.0.1");
					assertThat(info.get("remotePort").asInt()).isEqualTo(connection.localPort());
					assertThat(info.get("localAddress").asString()).isEqualTo("127.0.0.1");
					assertThat(info.get("scheme").asString()).isEqualTo("http");
					assertThat(info.get("protocol").asString()).isEqualTo("HTTP/1.1");
					return info.get("pid").asLong();
				}
			});
		}

		@Test
		void asynchronousRequestsAreAnswered() throws Exception {
			for (String path : List.of("/callable", "/deferred")) {
				Pids.assertAllAnswer(workers, () -> get(cluster.port(), path).pid());
			}
		}

		@Test
		void uploadsArriveWhole() throws Exception {
			byte[] body = new byte[3_000_000];
			Pids.assertAllAnswer(workers, () -> {
				try (HttpConnection connection = connect(cluster.port())) {
					JsonNode upload = json(connection.post("/upload", body).body());
					assertThat(upload.get("bytes").asInt()).isEqualTo(body.length);
					return upload.get("pid").asLong();
				}
			});
		}

		@Test
		void serverSentEventsAllComeFromOneWorker() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				HttpConnection.Reply reply = get(cluster.port(), "/sse?events=200");
				assertThat(reply.headers().get("content-type")).startsWith("text/event-stream");
				List<String> data = reply.body().lines().filter((line) -> line.startsWith("data:")).toList();
				assertThat(data).hasSize(200);
				assertThat(Set.copyOf(data)).hasSize(1);
				return Long.valueOf(data.get(0).substring("data:".length()));
			});
		}

		@Test
		void webSocketStaysWithItsWorker() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				Echoes echoes = new Echoes();
				WebSocket socket = echoes.connect(cluster.port());
				Set<Long> pids = new HashSet<>();
				for (int i = 0; i < 20; i++) {
					socket.sendText("message " + i, true).get(10, TimeUnit.SECONDS);
					String[] echo = echoes.next().split(" ", 2);
					assertThat(echo[1]).isEqualTo("message " + i);
					pids.add(Long.valueOf(echo[0]));
				}
				socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
				assertThat(echoes.next()).isEqualTo("closed with 1000");
				assertThat(pids).hasSize(1);
				return pids.iterator().next();
			});
		}

		@Test
		void http2WithoutTls() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				HttpClient client = HttpClient.newBuilder().version(Version.HTTP_2).build();
				HttpResponse<String> response = get(client, "http://127.0.0.1:" + cluster.port() + "/info");
				assertThat(response.version()).isEqualTo(Version.HTTP_2);
				assertThat(json(response.body()).get("protocol").asString()).isEqualTo("HTTP/2.0");
				return json(response.body()).get("pid").asLong();
			});
		}

	}

	/**
	 * TLS with HTTP/2 on virtual threads, and all ports chosen by the user.
	 */
	@Nested
	class Tls {

		private static final int PORT = ClusterProcess.freePort();

		private static final int MANAGEMENT_PORT = ClusterProcess.freePort();

		private static final int EXTRA_PORT = ClusterProcess.freePort();

		private static ClusterProcess cluster;

		private static List<Long> workers;

		private static SSLContext trust;

		@BeforeAll
		static void start(@TempDir Path directory) throws Exception {
			TestCertificate certificate = TestCertificate.create(directory);
			trust = certificate.clientContext();
			cluster = ClusterProcess.ports()
				.workers(2)
				.property("server.port", PORT)
				.property("management.server.port", MANAGEMENT_PORT)
				.property("management.server.ssl.enabled", false)
				.property("app.extra-port", EXTRA_PORT)
				.property("server.ssl.key-store", certificate.keyStore())
				.property("server.ssl.key-store-password", TestCertificate.PASSWORD)
				.property("server.http2.enabled", true)
				// clients of the JDK leave connections open
				.property("cluster.drain.idle-grace", "200ms")
				.property("spring.threads.virtual.enabled", true)
				.start();
			cluster.awaitReady();
			workers = cluster.workerPids();
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		private static JsonNode info(Version version) throws Exception {
			HttpClient client = HttpClient.newBuilder().sslContext(trust).version(version).build();
			HttpResponse<String> response = get(client, "https://127.0.0.1:" + PORT + "/info");
			assertThat(response.version()).isEqualTo(version);
			return json(response.body());
		}

		@Test
		void configuredPortsAreUsed() throws Exception {
			assertThat(cluster.awaitServers(4)).containsOnly(List.of(PORT, EXTRA_PORT), List.of(MANAGEMENT_PORT));
			Pids.assertAllAnswer(workers, () -> ClusterProcess.cluster(MANAGEMENT_PORT).answeredBy().pid());
			Pids.assertAllAnswer(workers, () -> get(EXTRA_PORT, "/pid").pid());
		}

		@Test
		void http2() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = info(Version.HTTP_2);
				assertThat(info.get("protocol").asString()).isEqualTo("HTTP/2.0");
				assertThat(info.get("scheme").asString()).isEqualTo("https");
				assertThat(info.get("secureProtocol").asString()).isEqualTo("TLSv1.3");
				return info.get("pid").asLong();
			});
		}

		@Test
		void http1() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = info(Version.HTTP_1_1);
				assertThat(info.get("protocol").asString()).isEqualTo("HTTP/1.1");
				return info.get("pid").asLong();
			});
		}

		@Test
		@EnabledForJreRange(min = JRE.JAVA_21)
		@DisabledIfSystemProperty(named = "test.server", matches = "netty",
				disabledReason = "Reactor Netty runs requests on its event loops")
		void requestsRunOnVirtualThreads() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = info(Version.HTTP_2);
				assertThat(info.get("thread").asString()).startsWith("VirtualThread");
				return info.get("pid").asLong();
			});
		}

	}

	@Test
	@DisabledIfSystemProperty(named = "test.server", matches = "netty", disabledReason = "the demo runs on Tomcat")
	void portOfACluster() throws Exception {
		int port = ClusterProcess.freePort();
		try (ClusterProcess first = ClusterProcess.demo().property("server.port", port).start()) {
			first.awaitReady();
			try (ClusterProcess second = ClusterProcess.demo()
				.property("server.port", port)
				.expectError("LoggingFailureAnalysisReporter|no worker has been ready")
				.start()) {
				assertThat(second.awaitExit(Duration.ofSeconds(60))).isEqualTo(1);
				second.awaitLine("Port " + port + " was already in use");
				second.awaitNothingLeft(Duration.ofSeconds(5));
			}
			LoadGenerator.on(port)
				.get("/", "^Hello from Worker (\\d+)$")
				.requests(20)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(first.workerPids());
			first.signal("TERM");
			first.awaitExit(Duration.ofSeconds(60));
			assertThat(ClusterProcess.isListening(port)).isFalse();
		}
		try (ClusterProcess again = ClusterProcess.demo().property("server.port", port).start()) {
			again.awaitReady();
			assertThat(again.port()).isEqualTo(port);
		}
	}

	@Test
	void portInUseByAnotherProcess() throws IOException {
		try (ServerSocket other = new ServerSocket()) {
			other.bind(new InetSocketAddress("127.0.0.1", 0));
			try (ClusterProcess cluster = ClusterProcess.ports()
				.property("server.port", other.getLocalPort())
				.expectError("LoggingFailureAnalysisReporter|no worker has been ready")
				.start()) {
				assertThat(cluster.awaitExit(Duration.ofSeconds(60))).isEqualTo(1);
				cluster.awaitLine("Port " + other.getLocalPort() + " was already in use", Duration.ofSeconds(1));
			}
		}
	}

}
