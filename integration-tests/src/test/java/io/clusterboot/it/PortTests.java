package io.clusterboot.it;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
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
@ExtendWith(PrintOutputOnFailure.class)
class PortTests {

	private static final int CONNECT_TIMEOUT = Math.toIntExact(Deadlines.EVENT.toMillis());

	private static HttpConnection connect(int port) throws IOException {
		return HttpConnection.open(port, Deadlines.EVENT);
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
		return client.send(HttpRequest.newBuilder(URI.create(uri)).timeout(Deadlines.EVENT).build(),
				BodyHandlers.ofString());
	}

	/**
	 * Main port, management port and the port of an additional connector, all chosen by
	 * the kernel.
	 */
	@Nested
	@Tag("every-server")
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
				// connections stay where they are
				.property("cluster.rebalance.enabled", false)
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

		/**
		 * The kernel wakes whoever has waited longest.
		 */
		@Test
		@DisabledIfSystemProperty(named = "test.load-balancing", matches = "round-robin",
				disabledReason = "LoadBalancingTests has the same for that")
		void newConnectionsGoToWorkersInTurn() throws IOException {
			ConnectionsInTurn.acceptedByWorkers(cluster).assertAlternate(workers);
		}

		/**
		 * Also when clients do not wait for each other.
		 */
		@Test
		void allWorkersAnswerManyClients() {
			try (LoadGenerator.Running load = LoadGenerator.on(cluster.port()).clients(4).start()) {
				load.awaitAnswers(400).awaitAnsweredBy(workers).stop().assertNoFailures().assertAnsweredBy(workers);
			}
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
			Pids.assertAllAnswer(workers, () -> ClusterView.ask(cluster.managementPort()).answeredBy().pid());
			assertThat(get(cluster.port(), "/actuator/cluster").status()).isEqualTo(404);
		}

		@Test
		void additionalConnectorIsShared() throws Exception {
			Pids.assertAllAnswer(workers, () -> get(cluster.extraPort(), "/pid").pid());
		}

		@Test
		@DisabledIfSystemProperty(named = "test.server", matches = "jetty|netty",
				disabledReason = "Jetty has no such settings; the next test looks at others. Reactor Netty has no "
						+ "additional connectors")
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

		@Test
		@EnabledIfSystemProperty(named = "test.server", matches = "jetty")
		void additionalConnectorOfJettyKeepsItsSettings() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				HttpConnection.Reply reply = get(cluster.extraPort(), "/info");
				assertThat(json(reply.body()).get("scheme").asString()).isEqualTo("https");
				assertThat(reply.headers().get("server")).startsWith("Jetty");
				return json(reply.body()).get("pid").asLong();
			});
			assertThat(get(cluster.port(), "/info").headers()).doesNotContainKey("server");
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
				assertThat(Ports.isListening(port)).isTrue();
				try (Socket socket = new Socket()) {
					assertThatExceptionOfType(ConnectException.class)
						.isThrownBy(() -> socket.connect(new InetSocketAddress("127.0.0.2", port), CONNECT_TIMEOUT));
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
					socket.sendText("message " + i, true).get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
					String[] echo = echoes.next().split(" ", 2);
					assertThat(echo[1]).isEqualTo("message " + i);
					pids.add(Long.valueOf(echo[0]));
				}
				socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
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
	@TestMethodOrder(OrderAnnotation.class)
	class Tls {

		private static final int PORT = Ports.free();

		private static final int MANAGEMENT_PORT = Ports.free();

		private static final int EXTRA_PORT = Ports.free();

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
		@Order(0)
		void configuredPortsAreUsed() throws Exception {
			assertThat(cluster.awaitServers(4)).containsOnly(List.of(PORT, EXTRA_PORT), List.of(MANAGEMENT_PORT));
			Pids.assertAllAnswer(workers, () -> ClusterView.ask(MANAGEMENT_PORT).answeredBy().pid());
			Pids.assertAllAnswer(workers, () -> get(EXTRA_PORT, "/pid").pid());
		}

		@Test
		@Order(0)
		void http2() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = info(Version.HTTP_2);
				assertThat(info.get("protocol").asString()).isEqualTo("HTTP/2.0");
				assertThat(info.get("scheme").asString()).isEqualTo("https");
				assertThat(info.get("cipherSuite").asString()).as("of TLS 1.3").startsWith("TLS_AES_");
				return info.get("pid").asLong();
			});
		}

		@Test
		@Order(0)
		void http1() throws Exception {
			Pids.assertAllAnswer(workers, () -> {
				JsonNode info = info(Version.HTTP_1_1);
				assertThat(info.get("protocol").asString()).isEqualTo("HTTP/1.1");
				return info.get("pid").asLong();
			});
		}

		@Test
		@Order(0)
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

		@Test
		@Order(1)
		void aPortInUseEndsTheStartAndNothingElse() throws Exception {
			try (ClusterProcess second = ClusterProcess.ports()
				.property("server.port", PORT)
				.expectError("LoggingFailureAnalysisReporter|no worker has been ready")
				.start()) {
				assertThat(second.awaitExit(Deadlines.EVENT)).isEqualTo(1);
				second.awaitLine("Port " + PORT + " was already in use", Deadlines.EVENT);
				second.awaitNothingLeft(Deadlines.EVENT);
			}
			assertThat(cluster.workerPids()).isEqualTo(workers);
			Pids.assertAllAnswer(workers, () -> info(Version.HTTP_1_1).get("pid").asLong());
		}

		@Test
		@Order(2)
		void aClusterThatEndsLeavesItsPortToTheNext() {
			cluster.signal("TERM");
			cluster.awaitExit(Deadlines.EVENT);
			assertThat(Ports.isListening(PORT)).isFalse();
			try (ClusterProcess again = ClusterProcess.ports().workers(1).property("server.port", PORT).start()) {
				again.awaitReady();
				assertThat(again.port()).isEqualTo(PORT);
			}
		}

	}

}
