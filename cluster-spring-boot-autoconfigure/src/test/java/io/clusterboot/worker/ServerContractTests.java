package io.clusterboot.worker;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;

import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.WorkerState;
import io.clusterboot.worker.RawConnection.Reply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

/**
 * What a server has to do for a worker, seen by its clients and by the primary. A real
 * application with a real server is a worker in this JVM; the test is the primary and all
 * other workers.
 * <p>
 * The time of a drain passes when the test lets it: the grace period, the close window
 * and the time-out are as long as a test has something to do in them.
 */
@ExtendWith(OutputCaptureExtension.class)
abstract class ServerContractTests {

	/** For which an idle connection has been silent, in the server's own time. */
	private static final Duration IDLE = Duration.ofMillis(20);

	private static final Duration TIMEOUT = Duration.ofHours(1);

	private static final List<String> PROPERTIES = List.of("server.address=127.0.0.1", "server.port=0",
			"server.tomcat.max-keep-alive-requests=-1", "server.jetty.connection-idle-timeout=1h",
			"spring.reactor.netty.shutdown-quiet-period=0s", "spring.main.banner-mode=off",
			"cluster.drain.timeout=" + TIMEOUT.toMillis() + "ms", "cluster.drain.idle-grace=" + IDLE.toMillis() + "ms",
			"cluster.drain.close-window=0ms");

	private final List<AutoCloseable> open = new ArrayList<>();

	private PlayedPrimary primary;

	private TestWorker worker;

	/**
	 * An application with this server, which answers as
	 * {@link ServletContractApplication} does.
	 */
	abstract SpringApplication application();

	/**
	 * Has the server accept a single connection at a time.
	 */
	abstract String oneConnection();

	/**
	 * Whether kept-alive connections move to other workers.
	 */
	boolean handsOver() {
		return false;
	}

	/**
	 * Whether a request that is processed holds a thread of the server.
	 */
	boolean holdsThreads() {
		return true;
	}

	/**
	 * Whether the server sends files by itself.
	 */
	boolean sendsFiles() {
		return false;
	}

	/**
	 * Whether WebSockets are there.
	 */
	boolean hasWebSockets() {
		return true;
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.open) {
			closeable.close();
		}
		if (this.worker != null) {
			this.worker.close();
		}
		else if (this.primary != null) {
			this.primary.close();
		}
	}

	private void start(String... properties) throws Exception {
		this.primary = PlayedPrimary.ofAccepting();
		this.worker = TestWorker.start(this.primary, application(), with(properties));
	}

	private static List<String> with(String... properties) {
		List<String> all = new ArrayList<>(PROPERTIES);
		for (String property : properties) {
			String name = property.substring(0, property.indexOf('=') + 1);
			all.removeIf((former) -> former.startsWith(name));
			all.add(property);
		}
		return all;
	}

	private RawConnection open() throws IOException {
		return opened(RawConnection.open(this.worker.port()));
	}

	/**
	 * A connection that is kept alive.
	 */
	private RawConnection connect() throws IOException {
		return used(open());
	}

	private static RawConnection used(RawConnection connection) throws IOException {
		assertThat(connection.ask(RawConnection.get("/hello")).closes()).isFalse();
		return connection;
	}

	private <T extends AutoCloseable> T opened(T closeable) {
		this.open.add(closeable);
		return closeable;
	}

	private HeldRequests requests() {
		return this.worker.bean(HeldRequests.class);
	}

	private RawConnection hold(RawConnection connection, String name, String behind) throws Exception {
		connection.write(RawConnection.get("/hold?name=" + name) + behind);
		requests().awaitArrival(name);
		return connection;
	}

	/**
	 * Have the worker drain as the last one, and return when it does.
	 */
	private void drain() throws IOException {
		try (RawConnection probe = connect()) {
			this.primary.stopCluster();
			awaitLast(probe);
		}
	}

	private static void awaitLast(RawConnection connection) {
		await().atMost(PlayedPrimary.DEADLINE)
			.pollInterval(Duration.ofMillis(1))
			.until(() -> connection.ask(RawConnection.get("/hello")).closes());
	}

	/**
	 * Have the worker drain as the last one, and return when idle connections are closed.
	 */
	private void drainUntilIdleAreClosed() throws IOException {
		try (RawConnection idle = connect()) {
			drain();
			this.worker.clock().advance(IDLE);
			assertThat(idle.isClosedByServer()).isTrue();
		}
	}

	/**
	 * The worker leaves when its clients have nothing to do with it any more.
	 */
	private void assertLeaves() throws Exception {
		for (AutoCloseable closeable : this.open) {
			closeable.close();
		}
		assertThat(this.worker.awaitExit()).isZero();
	}

	private static void assertOnlyTheLastCloses(RawConnection connection, int replies) throws IOException {
		for (int i = 1; i <= replies; i++) {
			Reply reply = connection.read();
			assertThat(reply.status()).isBetween(200, 204);
			assertThat(reply.closes()).as("answer %d of %d says Connection: close", i, replies).isEqualTo(i == replies);
		}
		assertThat(connection.isClosedByServer()).isTrue();
	}

	private void publish(ReadinessState readiness) {
		AvailabilityChangeEvent.publish(this.worker.context(), readiness);
	}

	@Test
	void connectionsComeInWhileTheGateIsOpen() throws Exception {
		this.primary = PlayedPrimary.ofAccepting();
		this.worker = TestWorker.startUnready(this.primary, application(), PROPERTIES);
		assertAcceptsNothing();
		this.worker.awaitReady();
		RawConnection kept = connect();
		publish(ReadinessState.REFUSING_TRAFFIC);
		this.primary.awaitSaid(new FromWorker.StateChanged(WorkerState.REFUSING));
		assertAcceptsNothing();
		assertThat(kept.ask(RawConnection.get("/hello")).closes()).isFalse();
		publish(ReadinessState.ACCEPTING_TRAFFIC);
		connect();
	}

	/**
	 * Another worker gets all of them.
	 */
	private void assertAcceptsNothing() throws IOException {
		for (int i = 0; i < 5; i++) {
			RawConnection client = open();
			try (SocketChannel accepted = this.primary.accept()) {
				assertThat(((InetSocketAddress) accepted.getRemoteAddress()).getPort()).isEqualTo(client.localPort());
			}
		}
	}

	@Test
	void whatWaitsWhenTheClusterStopsIsServedAndNothingElse() throws Exception {
		start();
		publish(ReadinessState.REFUSING_TRAFFIC);
		this.primary.awaitSaid(new FromWorker.StateChanged(WorkerState.REFUSING));
		List<RawConnection> waiting = List.of(open(), open(), open());
		for (RawConnection connection : waiting) {
			connection.write(RawConnection.get("/hello"));
		}
		this.primary.stopCluster();
		for (RawConnection connection : waiting) {
			assertOnlyTheLastCloses(connection, 1);
		}
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::open);
		assertLeaves();
	}

	@Test
	void pipelinedRequestsAreAnsweredAndTheLastAnswerSaysClose() throws Exception {
		start();
		RawConnection begun = hold(connect(), "first", RawConnection.get("/hello").repeat(19));
		RawConnection one = connect();
		RawConnection many = connect();
		RawConnection thousands = connect();
		RawConnection read = connect();
		RawConnection ignored = connect();
		RawConnection empty = connect();
		drain();
		requests().release("first");
		assertOnlyTheLastCloses(begun, 20);
		one.write(RawConnection.get("/hello"));
		assertOnlyTheLastCloses(one, 1);
		many.write(RawConnection.get("/hello").repeat(20));
		assertOnlyTheLastCloses(many, 20);
		CompletableFuture<Void> writing = inBackground(() -> thousands.write(RawConnection.get("/hello").repeat(2000)));
		assertOnlyTheLastCloses(thousands, 2000);
		writing.join();
		read.write(RawConnection.post("/upload", "x".repeat(50)).repeat(10));
		assertOnlyTheLastCloses(read, 10);
		ignored.write(RawConnection.post("/ignore", "x".repeat(50)).repeat(10));
		assertOnlyTheLastCloses(ignored, 10);
		empty.write(RawConnection.get("/nothing").repeat(5));
		assertOnlyTheLastCloses(empty, 5);
		assertLeaves();
	}

	@Test
	void responsesWithoutBodySayCloseToo() throws Exception {
		start();
		RawConnection noContent = connect();
		RawConnection head = connect();
		drain();
		assertThat(noContent.ask(RawConnection.get("/nothing")).closes()).isTrue();
		assertThat(noContent.isClosedByServer()).isTrue();
		head.write(RawConnection.request("HEAD", "/hello", ""));
		assertThat(head.read(true).closes()).isTrue();
		assertThat(head.isClosedByServer()).isTrue();
		assertLeaves();
	}

	@Test
	void aRequestThatIsHalfReceivedIsServed() throws Exception {
		start();
		RawConnection line = connect();
		RawConnection headers = connect();
		RawConnection fresh = open();
		RawConnection upload = connect();
		line.write("GE");
		headers.write("GET /hello HTTP/1.1\r\nHost: loc");
		fresh.write("GET /hello HTTP/1.1\r\n");
		upload.write(RawConnection.request("POST", "/upload", "Content-Length: 10\r\n") + "12345");
		drainUntilIdleAreClosed();
		line.write("T /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
		headers.write("alhost\r\n\r\n");
		fresh.write("Host: localhost\r\n\r\n");
		upload.write("67890");
		for (RawConnection connection : List.of(line, headers, fresh)) {
			assertOnlyTheLastCloses(connection, 1);
		}
		Reply uploaded = upload.read();
		assertThat(uploaded.body()).isEqualTo("10");
		assertThat(uploaded.closes()).isTrue();
		assertThat(upload.isClosedByServer()).isTrue();
		assertLeaves();
	}

	@Test
	void idleConnectionsAreClosedAfterTheGracePeriodInTurn() throws Exception {
		start("cluster.drain.close-window=10m");
		AtomicInteger closed = new AtomicInteger();
		for (int i = 0; i < 10; i++) {
			RawConnection idle = connect();
			inBackground(() -> {
				assertThat(idle.isClosedByServer()).isTrue();
				closed.incrementAndGet();
			});
		}
		RawConnection held = hold(connect(), "held", "");
		drain();
		assertThat(closed).hasValue(0);
		this.worker.clock().advance(IDLE);
		await().atMost(PlayedPrimary.DEADLINE).untilAtomic(closed, equalTo(1));
		this.worker.clock().advance(Duration.ofMinutes(10));
		await().atMost(PlayedPrimary.DEADLINE).untilAtomic(closed, equalTo(10));
		requests().release("held");
		assertOnlyTheLastCloses(held, 1);
		assertLeaves();
	}

	@Test
	void whatDoesNotEndByItselfEndsWellAtTheTimeout(CapturedOutput output) throws Exception {
		start("server.http2.enabled=true");
		RawConnection events = connect();
		events.write(RawConnection.get("/endless"));
		assertThat(events.readHead().status()).isEqualTo(200);
		RawConnection unanswered = connect();
		unanswered.write(RawConnection.get("/never"));
		requests().awaitArrival("never");
		Http2Connection http2 = opened(Http2Connection.open(this.worker.port()));
		http2.get(1, "/endless");
		assertThat(http2.readUntil(Http2Connection.HEADERS).isStatus200()).isTrue();
		drainUntilIdleAreClosed();
		assertThat(http2.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
		for (int i = 0; i < 10; i++) {
			assertThat(events.readChunk()).isNotEmpty();
			assertThat(http2.readUntil(Http2Connection.DATA).endsStream()).isFalse();
		}
		assertThat(this.worker.hasExited()).isFalse();
		this.worker.awaitConnections(3);
		this.worker.clock().advance(TIMEOUT);
		assertThatEventsEnd(events);
		assertThatStreamEnds(http2);
		assertThat(unanswered.read().status()).isEqualTo(503);
		assertThat(this.worker.awaitExit()).isZero();
		assertThat(output).contains("Cut off: 0 requests in process and 0 idle connections. "
				+ "Ended: 3 asynchronous requests and 0 sessions");
	}

	private static void assertThatEventsEnd(RawConnection events) throws IOException {
		while (events.readChunk().length > 0) {
			// an event
		}
	}

	private static void assertThatStreamEnds(Http2Connection connection) throws IOException {
		Http2Connection.Frame frame = connection.readUntil(Http2Connection.DATA);
		while (frame != null && !frame.endsStream()) {
			frame = connection.readUntil(Http2Connection.DATA);
		}
		assertThat(frame).as("end of the stream").isNotNull();
	}

	@Test
	void aSessionStaysUntilTheTimeoutAndIsToldThatTheServerGoesAway() throws Exception {
		assumeThat(hasWebSockets()).isTrue();
		start();
		Echoes echoes = new Echoes();
		WebSocket socket = echoes.connect(this.worker.port());
		drainUntilIdleAreClosed();
		socket.sendText("still here", true);
		assertThat(echoes.next()).isEqualTo("still here");
		assertThat(this.worker.hasExited()).isFalse();
		this.worker.clock().advance(TIMEOUT);
		assertThat(echoes.next()).isEqualTo("closed with 1001");
		requests().awaitArrival("session closed with 1001");
		assertThat(this.worker.awaitExit()).isZero();
	}

	@Test
	void aClientThatEndsItsSessionLetsTheWorkerGo() throws Exception {
		assumeThat(hasWebSockets()).isTrue();
		start();
		Echoes echoes = new Echoes();
		WebSocket socket = echoes.connect(this.worker.port());
		drainUntilIdleAreClosed();
		socket.sendText("still here", true);
		assertThat(echoes.next()).isEqualTo("still here");
		assertThat(this.worker.hasExited()).isFalse();
		socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
		assertThat(this.worker.awaitExit()).isZero();
	}

	@Test
	void whatNeverEndsIsCutOffAtTheTimeout(CapturedOutput output) throws Exception {
		start();
		RawConnection half = connect();
		half.write("GET /hello HTTP/1.1\r\nHost: loc");
		hold(connect(), "held", "");
		HeldRequests requests = requests();
		drainUntilIdleAreClosed();
		this.worker.awaitConnections(2);
		this.worker.clock().advance(TIMEOUT);
		String line = "cluster.drain.timeout (%d ms) is over with 2 connections open. Cut off: %d requests in process and 0 idle connections. Ended: %d asynchronous requests"
			.formatted(TIMEOUT.toMillis(), holdsThreads() ? 1 : 0, holdsThreads() ? 0 : 1);
		await().atMost(PlayedPrimary.DEADLINE).until(() -> output.getOut().contains(line));
		requests.release("held");
		assertThat(this.worker.awaitExit()).isZero();
		half.skipToEnd();
	}

	@Test
	void http2ConnectionsGetGoAwayAndTheirStreamsAreFinished() throws Exception {
		start("server.http2.enabled=true");
		Http2Connection idle = opened(Http2Connection.open(this.worker.port()));
		idle.get(1, "/hello");
		assertThat(idle.readUntil(Http2Connection.DATA)).isNotNull();
		Http2Connection busy = opened(Http2Connection.open(this.worker.port()));
		busy.get(1, "/hold?name=stream");
		requests().awaitArrival("stream");
		RawConnection upgraded = open();
		drain();
		assertThat(busy.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
		assertThat(idle.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
		upgraded.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\0\0\0\4\0\0\0\0\0");
		awaitGoAway(upgraded);
		this.worker.clock().advance(IDLE);
		assertThat(idle.readUntil(Http2Connection.SETTINGS)).as("end of the idle connection").isNull();
		requests().release("stream");
		assertThat(busy.readUntil(Http2Connection.HEADERS).isStatus200()).isTrue();
		assertThat(busy.readUntil(Http2Connection.DATA).text()).isEqualTo("stream");
		assertLeaves();
	}

	private static void awaitGoAway(RawConnection connection) throws IOException {
		byte[] frame = connection.readFully(9);
		while (frame[3] != Http2Connection.GOAWAY) {
			connection.readFully((frame[0] & 0xff) << 16 | (frame[1] & 0xff) << 8 | frame[2] & 0xff);
			frame = connection.readFully(9);
		}
	}

	@Test
	void connectionsWithTlsAreDrainedLikeOthers(@TempDir Path directory) throws Exception {
		TestCertificate certificate = TestCertificate.create(directory);
		SSLContext context = certificate.clientContext();
		start("server.ssl.key-store=" + certificate.keyStore(),
				"server.ssl.key-store-password=" + TestCertificate.PASSWORD);
		RawConnection pipelined = used(openTls(context));
		RawConnection half = used(openTls(context));
		RawConnection idle = used(openTls(context));
		RawConnection probe = used(openTls(context));
		RawConnection noHandshake = open();
		hold(pipelined, "first", RawConnection.get("/hello").repeat(19));
		half.write("GET /hello HTTP/1.1\r\nHost: loc");
		this.primary.stopCluster();
		awaitLast(probe);
		this.worker.clock().advance(IDLE);
		assertThat(idle.isClosedByServer()).isTrue();
		assertThat(noHandshake.isClosedByServer()).isTrue();
		half.write("alhost\r\n\r\n");
		assertOnlyTheLastCloses(half, 1);
		requests().release("first");
		assertOnlyTheLastCloses(pipelined, 20);
		assertLeaves();
	}

	private RawConnection openTls(SSLContext context) throws IOException {
		return opened(RawConnection.open(this.worker.port(), context));
	}

	@Test
	void aFileThatTheServerSendsByItselfIsSentToItsEnd(@TempDir Path directory) throws Exception {
		assumeThat(sendsFiles()).isTrue();
		int megabyte = 1024 * 1024;
		Path large = file(directory, "large", 64 * megabyte);
		Path small = file(directory, "small", 8 * megabyte);
		start();
		RawConnection done = connect();
		assertThat(done.ask(RawConnection.get("/sendfile?file=" + small)).status()).isEqualTo(200);
		RawConnection receiving = connect();
		receiving.write(RawConnection.get("/sendfile?file=" + large));
		assertThat(receiving.readHead().headers()).containsEntry("content-length", Integer.toString(64 * megabyte));
		receiving.readFully(megabyte);
		drainUntilIdleAreClosed();
		assertThat(done.isClosedByServer()).as("idle, although its last response was a file").isTrue();
		receiving.readFully(63 * megabyte);
		assertThat(this.worker.awaitExit()).isZero();
	}

	private static Path file(Path directory, String name, int length) throws IOException {
		Path path = directory.resolve(name);
		try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
			file.setLength(length);
		}
		return path;
	}

	@Test
	void anApplicationThatClosesByItselfDrainsFirst() throws Exception {
		start("cluster.drain.handover=false");
		RawConnection held = hold(connect(), "held", "");
		RawConnection half = connect();
		half.write("GET /hello HTTP/1.1\r\nHost: loc");
		RawConnection idle = connect();
		RawConnection probe = connect();
		CompletableFuture<Void> closing = inBackground(this.worker.context()::close);
		awaitLast(probe);
		this.primary.awaitSaid(new FromWorker.StoppedAccepting());
		this.worker.clock().advance(IDLE);
		assertThat(idle.isClosedByServer()).isTrue();
		half.write("alhost\r\n\r\n");
		assertOnlyTheLastCloses(half, 1);
		assertThat(closing).isNotDone();
		requests().release("held");
		assertOnlyTheLastCloses(held, 1);
		closing.get(PlayedPrimary.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Test
	void aWorkerThatWaitsBeforeItLeavesServesWhileReadinessSaysNo() throws Exception {
		start();
		this.primary.disconnect(Duration.ofHours(1), false);
		this.primary.awaitSaid(new FromWorker.StateChanged(WorkerState.DRAINING));
		await().atMost(PlayedPrimary.DEADLINE)
			.until(() -> this.worker.bean(ApplicationAvailability.class).getReadinessState(),
					ReadinessState.REFUSING_TRAFFIC::equals);
		RawConnection kept = connect();
		assertThat(kept.ask(RawConnection.get("/hello")).closes()).isFalse();
		assertThat(this.primary.said()).doesNotContain(new FromWorker.StoppedAccepting());
		this.primary.die();
		awaitLast(kept);
		assertLeaves();
	}

	@Test
	void aWorkerWhosePrimaryDiesAnswersWhatItHas() throws Exception {
		start();
		RawConnection held = hold(connect(), "held", "");
		RawConnection probe = connect();
		this.primary.die();
		awaitLast(probe);
		assertThat(this.worker.hasExited()).isFalse();
		requests().release("held");
		assertOnlyTheLastCloses(held, 1);
		assertLeaves();
	}

	@Test
	void connectionsBeyondTheLimitAreLeftToOthers() throws Exception {
		start(oneConnection());
		RawConnection first = connect();
		assertAcceptsNothing();
		RawConnection waiting = open();
		waiting.write(RawConnection.get("/hello"));
		end(first);
		assertThat(waiting.read().status()).isEqualTo(200);
		assertAcceptsNothing();
	}

	@Test
	void connectionsBeyondTheLimitAreDeclined() throws Exception {
		this.primary = PlayedPrimary.ofPassing();
		this.worker = TestWorker.start(this.primary, application(), with(oneConnection()));
		this.primary.awaitSaid(gate(true));
		RawConnection first = open();
		RawConnection second = open();
		try (SocketChannel accepted = this.primary.accept(); SocketChannel beyond = this.primary.accept()) {
			assertThat(this.primary.pass(accepted, null)).isTrue();
			used(first);
			assertThat(this.primary.pass(beyond, null)).isFalse();
			assertThat(this.primary.said()).containsSubsequence(gate(true), gate(false));
			end(first);
			await().atMost(PlayedPrimary.DEADLINE)
				.untilAsserted(
						() -> assertThat(this.primary.said()).containsSubsequence(gate(true), gate(false), gate(true)));
			assertThat(this.primary.pass(beyond, null)).isTrue();
			used(second);
		}
	}

	private FromWorker.Gate gate(boolean open) {
		return new FromWorker.Gate(this.primary.listenAddress(), open);
	}

	/**
	 * Jetty waits for the client to close, too.
	 */
	private static void end(RawConnection connection) throws IOException {
		assertThat(connection.ask(RawConnection.request("GET", "/hello", "Connection: close\r\n")).closes()).isTrue();
		connection.close();
	}

	@Test
	void keptConnectionsMoveOrAreToldToClose() throws Exception {
		start();
		RawConnection idle = connect();
		RawConnection busy = hold(connect(), "busy", "");
		RawConnection half = connect();
		half.write("GET /hello HTTP/1.1\r\nHost: loc");
		this.primary.disconnect();
		this.primary.awaitSaid(new FromWorker.StoppedAccepting());
		if (handsOver()) {
			assertThatAnotherWorkerGoesOn(idle);
			requests().release("busy");
			assertThat(busy.read().closes()).isFalse();
			assertThatAnotherWorkerGoesOn(busy);
			half.write("alhost\r\n\r\n");
			assertThat(half.read().closes()).isFalse();
			assertThatAnotherWorkerGoesOn(half);
		}
		else {
			awaitLast(idle);
			requests().release("busy");
			assertOnlyTheLastCloses(busy, 1);
			half.write("alhost\r\n\r\n");
			assertOnlyTheLastCloses(half, 1);
			assertThat(this.primary.waiting()).isZero();
		}
		assertLeaves();
	}

	/**
	 * The client does not notice, and nobody else reads what it sends.
	 */
	private void assertThatAnotherWorkerGoesOn(RawConnection client) throws Exception {
		try (SocketChannel other = this.primary.givenUp().take()) {
			assertThat(((InetSocketAddress) other.getRemoteAddress()).getPort()).isEqualTo(client.localPort());
			String request = RawConnection.get("/hello");
			client.write(request);
			other.configureBlocking(true);
			ByteBuffer received = ByteBuffer.allocate(request.length());
			while (received.hasRemaining()) {
				assertThat(other.read(received)).isPositive();
			}
			assertThat(new String(received.array(), StandardCharsets.US_ASCII)).isEqualTo(request);
			other.write(StandardCharsets.US_ASCII.encode("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nother"));
			assertThat(client.read().body()).isEqualTo("other");
		}
	}

	@Test
	void connectionsThatNobodyTakesAreToldToClose() throws Exception {
		assumeThat(handsOver()).isTrue();
		start();
		RawConnection client = connect();
		RawConnection idle = connect();
		this.primary.disconnect();
		this.primary.refuseAll();
		awaitLast(client);
		assertThat(client.isClosedByServer()).isTrue();
		this.worker.clock().advance(IDLE);
		assertThat(idle.isClosedByServer()).isTrue();
		assertLeaves();
	}

	@Test
	void whatIsEncryptedDoesNotMove(@TempDir Path directory) throws Exception {
		TestCertificate certificate = TestCertificate.create(directory);
		SSLContext context = certificate.clientContext();
		start("server.ssl.key-store=" + certificate.keyStore(),
				"server.ssl.key-store-password=" + TestCertificate.PASSWORD);
		RawConnection client = used(openTls(context));
		this.primary.disconnect();
		awaitLast(client);
		assertThat(client.isClosedByServer()).isTrue();
		assertThat(this.primary.waiting()).isZero();
		assertLeaves();
	}

	private static CompletableFuture<Void> inBackground(Task task) {
		return CompletableFuture.runAsync(() -> {
			try {
				task.run();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}, (runnable) -> new Thread(runnable, "background").start());
	}

	@FunctionalInterface
	private interface Task {

		void run() throws Exception;

	}

}
