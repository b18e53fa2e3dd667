package io.clusterboot.primary;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import io.clusterboot.ClusterProperties;
import io.clusterboot.primary.PrimaryServer.Page;
import io.clusterboot.primary.PrimaryServer.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link PrimaryServer} and {@link ExchangeThreads}, with clients that hold its
 * threads for as long as they like.
 */
class PrimaryServerTests {

	private static final List<String> TIMEOUTS = List.of("sun.net.httpserver.maxReqTime",
			"sun.net.httpserver.maxRspTime");

	private static final int LIMIT = 180_000;

	/** More than what two sockets hold. */
	private static final byte[] LARGE = new byte[16 * 1024 * 1024];

	private static final String SILENT = "GET /page HTTP/1.1\r\nHost: loc";

	private final CountDownLatch release = new CountDownLatch(1);

	private final CountDownLatch held = new CountDownLatch(1);

	private final List<Socket> clients = new ArrayList<>();

	private PrimaryServer server;

	/**
	 * The server's own are not what helps.
	 */
	@BeforeAll
	static void haveNoTimeouts() {
		TIMEOUTS.forEach((name) -> System.setProperty(name, "3600"));
	}

	@AfterAll
	static void restoreTimeouts() {
		TIMEOUTS.forEach(System::clearProperty);
	}

	@BeforeEach
	void start() throws Exception {
		// those of the test before
		await().until(() -> threads() == 0);
		this.server = PrimaryServer.bind(new ClusterProperties.Primary(0, InetAddress.getLoopbackAddress()));
		Page page = (accept) -> Response.text(200, "shown");
		Page large = (accept) -> Response.of("text/plain", LARGE);
		this.server.start(Map.of("/page", page, "/held", this::hold, "/large", large));
	}

	private Response hold(String accept) {
		this.held.countDown();
		try {
			this.release.await();
			return Response.text(200, "released");
		}
		catch (InterruptedException ex) {
			return Response.text(503, "ended");
		}
	}

	@AfterEach
	void stop() throws IOException {
		this.release.countDown();
		for (Socket client : this.clients) {
			client.close();
		}
		this.server.close();
	}

	@Test
	void whoeverSendsHalfARequestHoldsNobodyUp() throws IOException {
		List<Socket> silent = holdAllThreads(SILENT);
		assertThat(answer(connect("GET /page HTTP/1.0\r\n\r\n"))).startsWith("HTTP/1.1 200 OK").endsWith("shown\n");
		assertThat(answer(silent.get(0))).as("the oldest one").isEmpty();
		Socket youngest = silent.get(PrimaryServer.THREADS - 1);
		send(youngest, "alhost\r\nConnection: close\r\n\r\n");
		assertThat(answer(youngest)).startsWith("HTTP/1.1 200 OK").endsWith("shown\n");
	}

	@Test
	void whoeverReadsNothingHoldsNobodyUp() throws IOException {
		List<Socket> deaf = holdAllThreads("GET /large HTTP/1.0\r\n\r\n");
		assertThat(answer(connect("GET /page HTTP/1.0\r\n\r\n"))).endsWith("shown\n");
		assertThat(answer(deaf.get(0)).length()).as("the oldest one").isLessThan(LARGE.length);
		assertThat(answer(deaf.get(PrimaryServer.THREADS - 1)).length()).isGreaterThan(LARGE.length);
	}

	@Test
	void whoeverHasAskedIsNotEndedForThoseWhoHaveNot() throws Exception {
		Socket asked = connect("GET /held HTTP/1.0\r\n\r\n");
		this.held.await();
		for (int i = 0; i < 3 * PrimaryServer.THREADS; i++) {
			connect(SILENT);
		}
		assertThat(answer(this.clients.get(1))).as("the oldest silent one").isEmpty();
		this.release.countDown();
		assertThat(answer(asked)).startsWith("HTTP/1.1 200 OK").endsWith("released\n");
	}

	@Test
	void itSaysHowItMayBeShown() throws IOException {
		assertThat(answer(connect("GET /page HTTP/1.0\r\n\r\n"))).containsIgnoringCase("X-Frame-Options: DENY")
			.contains("frame-ancestors 'none'", "no-store", "nosniff");
	}

	private List<Socket> holdAllThreads(String said) throws IOException {
		List<Socket> holders = new ArrayList<>();
		for (int i = 0; i < PrimaryServer.THREADS; i++) {
			holders.add(connect(said));
			int begun = i + 1;
			await().until(() -> threads() == begun);
		}
		return holders;
	}

	private static long threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals(PrimaryServer.THREAD))
			.count();
	}

	private Socket connect(String said) throws IOException {
		Socket client = new Socket();
		// it does not take much of what it does not read
		client.setReceiveBufferSize(4096);
		client.setSoTimeout(LIMIT);
		client.connect(this.server.address());
		this.clients.add(client);
		send(client, said);
		return client;
	}

	private static void send(Socket client, String said) throws IOException {
		client.getOutputStream().write(said.getBytes(StandardCharsets.US_ASCII));
	}

	/**
	 * All that comes until the connection is closed, or reset for what was not read.
	 */
	private static String answer(Socket client) throws IOException {
		StringBuilder answer = new StringBuilder();
		byte[] buffer = new byte[65536];
		InputStream in = client.getInputStream();
		try {
			for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
				answer.append(new String(buffer, 0, length, StandardCharsets.ISO_8859_1));
			}
		}
		catch (SocketException ex) {
			// reset
		}
		return answer.toString();
	}

}
