package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.PlayedPrimary;
import io.clusterboot.worker.PlayedPrimary.GivenUp;
import io.clusterboot.worker.WorkerAgent;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Mover}, {@link SharedConnection} and what else
 * {@link SharedNioEndpoint} does when connections move: a real Tomcat with real clients,
 * and a test that is the primary and the other workers.
 */
class MoverTests {

	private static final Duration TIMEOUT = PlayedPrimary.DEADLINE;

	private static final int ON_THEIR_WAY = 32;

	private static final int MAX_REQUESTS = 100;

	private static final Duration KEEP_ALIVE = Duration.ofMinutes(10);

	private final Semaphore waiting = new Semaphore(0);

	private final Semaphore go = new Semaphore(0);

	private final List<AutoCloseable> open = new ArrayList<>();

	private PlayedPrimary primary;

	private TomcatWebServer server;

	private SharedHttp11NioProtocol protocol;

	@BeforeEach
	void start() throws Exception {
		this.primary = PlayedPrimary.ofAccepting();
		WorkerAgent agent = this.primary.employ();
		TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory(0);
		factory.setAddress(InetAddress.getLoopbackAddress());
		new SharedConnectors(agent, AcceptPolicy.WHEN_READY).customize(factory);
		factory.addConnectorCustomizers((connector) -> {
			this.protocol = (SharedHttp11NioProtocol) connector.getProtocolHandler();
			this.protocol.setKeepAliveTimeout((int) KEEP_ALIVE.toMillis());
			this.protocol.setMaxKeepAliveRequests(MAX_REQUESTS);
		});
		this.server = (TomcatWebServer) factory
			.getWebServer((context) -> context.addServlet("test", new Paths()).addMapping("/"));
		this.server.start();
		agent.readinessChanged(() -> {
		}, ReadinessState.ACCEPTING_TRAFFIC);
		awaitConnections(0);
	}

	@AfterEach
	void stop() throws Exception {
		this.primary.close();
		this.go.release();
		for (AutoCloseable closeable : this.open) {
			closeable.close();
		}
		this.server.stop();
		this.server.destroy();
	}

	@Test
	void aConnectionThatNobodyTakesIsServedOnWithAllThatItsClientHasSentMeanwhile() throws Exception {
		Client client = connect();
		this.primary.moveAll();
		assertThat(client.get("/1")).endsWith("/1");
		GivenUp givenUp = this.primary.givenUp();
		client.send(request("/2") + "GET /3 HT");
		givenUp.refuse();
		assertThat(client.response()).endsWith("/2");
		client.send("TP/1.1\r\nHost: localhost\r\n\r\n");
		assertThat(client.response()).endsWith("/3");
	}

	@Test
	void aConnectionThatNobodyTakesIsClosedIfItsClientHasGone() throws Exception {
		Client client = connect();
		this.primary.moveAll();
		client.get("/1");
		GivenUp givenUp = this.primary.givenUp();
		client.close();
		assertThat(this.protocol.connections()).isEqualTo(1);
		givenUp.refuse();
		awaitConnections(0);
	}

	@Test
	void aConnectionThatAnotherWorkerTakesIsLetGoOfWithoutItsClientNoticing() throws Exception {
		Client client = connect();
		client.get("/1");
		awaitIdle();
		this.primary.moveAll();
		client.get("/2");
		GivenUp givenUp = this.primary.givenUp();
		assertThat(givenUp.kept().client()).isEqualTo("127.0.0.1");
		assertThat(givenUp.kept().requestsLeft()).isEqualTo(MAX_REQUESTS - 2);
		try (SocketChannel other = givenUp.take()) {
			awaitConnections(0);
			client.send("more");
			ByteBuffer received = ByteBuffer.allocate(4);
			other.configureBlocking(true);
			assertThat(other.read(received)).isEqualTo(4);
			other.write(ByteBuffer.wrap(bytes("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nother")));
			assertThat(client.response()).endsWith("other");
		}
	}

	@Test
	void aConnectionOfAnotherWorkerIsServedForAsManyRequestsAsItHasLeft() throws Exception {
		Moving moving = moving();
		moving.client().send(request("/1"));
		assertThat(pass(moving, 2, Duration.ZERO)).isTrue();
		assertThat(moving.client().response()).endsWith("/1").doesNotContain("Connection: close");
		assertThat(moving.client().get("/2")).endsWith("/2").contains("Connection: close");
		assertThat(moving.client().isAtEnd()).isTrue();
		awaitConnections(0);
	}

	@Test
	void theTimeForWhichAConnectionHasBeenIdleElsewhereCounts() throws Exception {
		Moving fresh = moving();
		Moving old = moving();
		assertThat(pass(fresh, MAX_REQUESTS, Duration.ZERO)).isTrue();
		assertThat(pass(old, MAX_REQUESTS, KEEP_ALIVE.minusMillis(1))).isTrue();
		assertThat(old.client().isAtEnd()).isTrue();
		awaitConnections(1);
		assertThat(fresh.client().get("/1")).endsWith("/1");
	}

	@Test
	void aConnectionThatMovesOnUnusedTakesAlongWhatItHasBrought() throws Exception {
		assertThat(pass(moving(), 42, Duration.ofMinutes(5))).isTrue();
		awaitIdle();
		this.primary.moveAll();
		this.protocol.handOver();
		KeptConnection kept = this.primary.givenUp().kept();
		assertThat(kept.requestsLeft()).isEqualTo(42);
		assertThat(kept.idleMillis()).isBetween(Duration.ofMinutes(5).toMillis(), KEEP_ALIVE.toMillis());
	}

	@Test
	void aConnectionThatThereIsNoRoomForStaysWhereItIs() throws Exception {
		Client client = connect();
		client.get("/1");
		awaitConnections(1);
		this.protocol.setMaxConnections(2);
		Moving moving = moving();
		assertThat(pass(moving, MAX_REQUESTS, Duration.ZERO)).isFalse();
		client.close();
		awaitConnections(0);
		assertThat(pass(moving, MAX_REQUESTS, Duration.ZERO)).isTrue();
		assertThat(moving.client().get("/2")).endsWith("/2");
	}

	@Test
	void aConnectionWhoseClientHasGoneMeanwhileTakesNoRoom() throws Exception {
		Moving moving = moving();
		moving.client().reset();
		assertThat(pass(moving, MAX_REQUESTS, Duration.ZERO)).isTrue();
		awaitConnections(0);
	}

	@Test
	void aConnectionDoesNotMoveWhileARequestIsAnswered() throws Exception {
		Client client = connect();
		client.send(request("/wait"));
		assertThat(this.waiting.tryAcquire(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		assertThat(endpoint().open().takeBetweenRequests(1, (connection) -> true)).isZero();
		this.primary.moveAll();
		this.protocol.handOver();
		this.go.release();
		assertThat(client.response()).endsWith("/wait");
		assertThat(this.primary.givenUp().kept().requestsLeft()).isEqualTo(MAX_REQUESTS - 1);
	}

	/**
	 * What has been read would be lost.
	 */
	@Test
	void aConnectionDoesNotMoveBeforeAllIsAnsweredThatHasBeenRead() throws Exception {
		Client client = connect();
		this.primary.moveAll();
		client.send(request("/1") + request("/2") + "GET /3 HT");
		assertThat(client.response()).endsWith("/1");
		assertThat(client.response()).endsWith("/2");
		client.send("TP/1.1\r\nHost: localhost\r\n\r\n");
		assertThat(client.response()).endsWith("/3");
		assertThat(this.primary.givenUp().kept().requestsLeft()).isEqualTo(MAX_REQUESTS - 3);
	}

	@Test
	void whileNobodyAnswersAllOthersAreServedOn() throws Exception {
		this.primary.moveAll();
		assertThat(endpoint().isMoving()).isTrue();
		List<GivenUp> onTheirWay = new ArrayList<>();
		for (int i = 0; i < ON_THEIR_WAY; i++) {
			connect().get("/" + i);
			onTheirWay.add(this.primary.givenUp());
		}
		Client client = connect();
		client.get("/a");
		await().atMost(TIMEOUT).until(() -> !endpoint().isMoving());
		assertThat(client.get("/b")).endsWith("/b");
		awaitIdle();
		onTheirWay.get(0).take().close();
		await().atMost(TIMEOUT).until(() -> endpoint().isMoving());
		client.get("/c");
		assertThat(this.primary.givenUp().kept().requestsLeft()).isEqualTo(MAX_REQUESTS - 3);
	}

	private SharedNioEndpoint endpoint() {
		return this.protocol.endpoint();
	}

	/**
	 * The acceptor counts the client for which it waits, too.
	 */
	private void awaitConnections(int number) {
		await().atMost(TIMEOUT).untilAsserted(() -> {
			assertThat(this.protocol.connections()).isEqualTo(number);
			assertThat(endpoint().getConnectionCount()).isEqualTo(number + 1);
		});
	}

	/**
	 * Wait until a connection is between two requests that has not been given up.
	 */
	private void awaitIdle() {
		await().atMost(TIMEOUT).until(() -> this.protocol.idleConnections(Duration.ZERO) == 1);
	}

	private Client connect() throws IOException {
		return opened(new Client(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.server.getPort())));
	}

	private <T extends AutoCloseable> T opened(T closeable) {
		this.open.add(closeable);
		return closeable;
	}

	/**
	 * A connection that another worker has.
	 */
	private Moving moving() throws IOException {
		try (ServerSocketChannel listening = ServerSocketChannel.open()) {
			listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			Client client = opened(new Client((InetSocketAddress) listening.getLocalAddress()));
			return new Moving(client, opened(listening.accept()));
		}
	}

	private boolean pass(Moving moving, int requestsLeft, Duration idle) throws Exception {
		return this.primary.pass(moving.connection(), new KeptConnection("127.0.0.1", requestsLeft, idle.toMillis()));
	}

	private static String request(String path) {
		return "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	private record Moving(Client client, SocketChannel connection) {
	}

	private static final class Client implements AutoCloseable {

		private static final Pattern LENGTH = Pattern.compile("Content-Length: (\\d+)");

		private final Socket socket = new Socket();

		private Client(InetSocketAddress address) throws IOException {
			this.socket.setSoTimeout((int) TIMEOUT.toMillis());
			this.socket.connect(address);
		}

		private String get(String path) throws IOException {
			send(request(path));
			return response();
		}

		private void send(String text) throws IOException {
			this.socket.getOutputStream().write(bytes(text));
		}

		/**
		 * Read a response, and nothing behind it.
		 */
		private String response() throws IOException {
			InputStream in = this.socket.getInputStream();
			StringBuilder read = new StringBuilder();
			while (read.indexOf("\r\n\r\n") < 0) {
				int next = in.read();
				assertThat(next).as("a byte behind " + read).isNotNegative();
				read.append((char) next);
			}
			Matcher length = LENGTH.matcher(read);
			assertThat(length.find()).as("a length in " + read).isTrue();
			byte[] body = in.readNBytes(Integer.parseInt(length.group(1)));
			return read + new String(body, StandardCharsets.US_ASCII);
		}

		private boolean isAtEnd() throws IOException {
			return this.socket.getInputStream().read() < 0;
		}

		private void reset() throws IOException {
			this.socket.setSoLinger(true, 0);
			this.socket.close();
		}

		@Override
		public void close() throws IOException {
			this.socket.close();
		}

	}

	/**
	 * Answers with the path.
	 */
	private final class Paths extends HttpServlet {

		private static final long serialVersionUID = 1L;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
			if (request.getRequestURI().equals("/wait")) {
				MoverTests.this.waiting.release();
				MoverTests.this.go.acquireUninterruptibly();
			}
			response.setContentLength(request.getRequestURI().length());
			response.getWriter().write(request.getRequestURI());
		}

	}

}
