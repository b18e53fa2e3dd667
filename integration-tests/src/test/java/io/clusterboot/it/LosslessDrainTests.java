package io.clusterboot.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import io.clusterboot.it.RawConnection.Reply;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What clients of each kind see of a worker that drains, connection by connection.
 */
@ExtendWith(PrintOutputOnFailure.class)
class LosslessDrainTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	@TempDir
	private Path directory;

	private static ClusterProcess.Builder oneWorker() {
		return ClusterProcess.ports()
			.workers(1)
			.property("cluster.drain.idle-grace", "500ms")
			.property("cluster.drain.close-window", "200ms")
			.property("server.tomcat.max-keep-alive-requests", -1);
	}

	private static RawConnection connect(ClusterProcess cluster) throws IOException {
		RawConnection connection = RawConnection.open(cluster.port(), TIMEOUT);
		assertThat(connection.ask(RawConnection.get("/pid")).closes()).isFalse();
		return connection;
	}

	private Path gate() {
		return this.directory.resolve("gate");
	}

	/**
	 * Have the only worker drain, and return when it does.
	 */
	private static void drain(ClusterProcess cluster) throws IOException {
		try (RawConnection probe = connect(cluster)) {
			cluster.signal("TERM");
			await().atMost(TIMEOUT)
				.pollInterval(Duration.ofMillis(5))
				.until(() -> probe.ask(RawConnection.get("/pid")).closes());
		}
	}

	/**
	 * Have the only worker drain, and return when all idle connections are closed.
	 */
	private static void drainUntilIdleAreClosed(ClusterProcess cluster) throws IOException {
		try (RawConnection idle = connect(cluster)) {
			drain(cluster);
			assertThat(idle.isClosedByServer()).isTrue();
		}
	}

	private static void assertLeaves(ClusterProcess cluster) {
		assertThat(cluster.awaitExit(TIMEOUT)).isEqualTo(143);
	}

	@Test
	@Tag("every-server")
	void pipelinedRequestsAreAnsweredAlthoughTheDrainBeginsAmongThem() throws IOException {
		try (ClusterProcess cluster = oneWorker().start()) {
			cluster.awaitReady();
			try (RawConnection connection = connect(cluster)) {
				connection
					.write(RawConnection.get("/hold?name=first&gate=" + gate()) + RawConnection.get("/pid").repeat(19));
				cluster.awaitLine("holding first");
				drain(cluster);
				Files.createFile(gate());
				assertOnlyTheLastCloses(connection, 20);
			}
			assertLeaves(cluster);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 20, 2000 })
	void pipelinedRequestsAreAnsweredWhileDraining(int requests) throws Exception {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.idle-grace", "3s").start()) {
			cluster.awaitReady();
			try (RawConnection connection = connect(cluster)) {
				drain(cluster);
				Future<?> writing = inBackground(() -> {
					connection.write(RawConnection.get("/pid").repeat(requests));
					return null;
				});
				assertOnlyTheLastCloses(connection, requests);
				writing.get();
			}
			assertLeaves(cluster);
		}
	}

	@Test
	void pipelinedRequestsWithBodiesAreAnsweredWhileDraining() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.idle-grace", "3s").start()) {
			cluster.awaitReady();
			try (RawConnection read = connect(cluster); RawConnection ignored = connect(cluster)) {
				drain(cluster);
				read.write(RawConnection.post("/upload", "x".repeat(50)).repeat(10));
				ignored.write(RawConnection.post("/ignore", "x".repeat(50)).repeat(10));
				assertOnlyTheLastCloses(read, 10);
				assertOnlyTheLastCloses(ignored, 10);
			}
			assertLeaves(cluster);
		}
	}

	private static void assertOnlyTheLastCloses(RawConnection connection, int replies) throws IOException {
		for (int i = 1; i <= replies; i++) {
			Reply reply = connection.read();
			assertThat(reply.status()).isEqualTo(200);
			assertThat(reply.closes()).as("answer %d of %d says Connection: close", i, replies).isEqualTo(i == replies);
		}
		assertThat(connection.isClosedByServer()).isTrue();
	}

	@Test
	@Tag("every-server")
	void responsesWithoutBodySayCloseToo() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.idle-grace", "3s").start()) {
			cluster.awaitReady();
			try (RawConnection noContent = connect(cluster);
					RawConnection head = connect(cluster);
					RawConnection pipelined = connect(cluster)) {
				drain(cluster);
				assertThat(noContent.ask(RawConnection.get("/nothing")).closes()).isTrue();
				assertThat(noContent.isClosedByServer()).isTrue();
				head.write(RawConnection.request("HEAD", "/pid", ""));
				assertThat(head.read(true).closes()).isTrue();
				assertThat(head.isClosedByServer()).isTrue();
				pipelined.write(RawConnection.get("/nothing").repeat(5));
				for (int i = 1; i <= 5; i++) {
					assertThat(pipelined.read().closes()).isEqualTo(i == 5);
				}
			}
			assertLeaves(cluster);
		}
	}

	@Test
	@Tag("every-server")
	void aRequestThatIsHalfReceivedIsServed() throws IOException {
		try (ClusterProcess cluster = oneWorker().start()) {
			cluster.awaitReady();
			try (RawConnection line = connect(cluster);
					RawConnection headers = connect(cluster);
					RawConnection fresh = RawConnection.open(cluster.port(), TIMEOUT);
					RawConnection upload = connect(cluster)) {
				line.write("GE");
				headers.write("GET /pid HTTP/1.1\r\nHost: loc");
				fresh.write("GET /pid HTTP/1.1\r\n");
				upload.write(RawConnection.request("POST", "/upload", "Content-Length: 10\r\n") + "12345");
				drainUntilIdleAreClosed(cluster);
				line.write("T /pid HTTP/1.1\r\nHost: localhost\r\n\r\n");
				headers.write("alhost\r\n\r\n");
				fresh.write("Host: localhost\r\n\r\n");
				upload.write("67890");
				for (RawConnection connection : List.of(line, headers, fresh, upload)) {
					Reply reply = connection.read();
					assertThat(reply.status()).isEqualTo(200);
					assertThat(reply.closes()).isTrue();
					assertThat(connection.isClosedByServer()).isTrue();
				}
			}
			assertLeaves(cluster);
		}
	}

	@Test
	void aRequestThatNeverBecomesWholeIsCutOffAfterTheTimeout() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.timeout", "2s").start()) {
			cluster.awaitReady();
			try (RawConnection half = connect(cluster); RawConnection held = connect(cluster)) {
				half.write("GET /pid HTTP/1.1\r\nHost: loc");
				held.write(RawConnection.get("/hold?name=held&gate=" + gate()));
				cluster.awaitLine("holding held");
				drain(cluster);
				cluster.awaitLine("cluster.drain.timeout \\(2000 ms\\) is over with 2 connections open. "
						+ "Cut off: %d requests in process and 0 idle connections."
							.formatted(TestServer.selected().holdsThreads() ? 1 : 0));
				Files.createFile(gate());
			}
			assertLeaves(cluster);
		}
	}

	@Test
	void idleConnectionsAreClosedOneByOneAfterTheGracePeriod() throws Exception {
		int count = 40;
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.idle-grace", "1s")
			.property("cluster.drain.close-window", "2s")
			.start()) {
			cluster.awaitReady();
			List<RawConnection> idle = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				idle.add(connect(cluster));
			}
			ExecutorService waiting = Executors.newFixedThreadPool(count);
			try (RawConnection late = connect(cluster)) {
				long before = System.nanoTime();
				List<Future<Long>> ends = new ArrayList<>();
				for (RawConnection connection : idle) {
					ends.add(waiting.submit(() -> {
						assertThat(connection.isClosedByServer()).isTrue();
						return System.nanoTime() - before;
					}));
				}
				drain(cluster);
				Reply reply = late.ask(RawConnection.get("/pid"));
				assertThat(reply.closes()).isTrue();
				List<Long> times = new ArrayList<>();
				for (Future<Long> end : ends) {
					times.add(TimeUnit.NANOSECONDS.toMillis(end.get()));
				}
				Collections.sort(times);
				assertThat(times.get(0)).as("first of " + times).isGreaterThanOrEqualTo(1000);
				assertThat(times.get(count - 1) - times.get(0)).as("time between the first and the last of " + times)
					.isBetween(1500L, 3000L);
				long first = times.get(0);
				assertThat(times.stream().filter((time) -> time < first + 1000)).as("first half of " + times)
					.hasSizeBetween(count / 4, count * 3 / 4);
			}
			finally {
				waiting.shutdownNow();
				for (RawConnection connection : idle) {
					connection.close();
				}
			}
			assertLeaves(cluster);
		}
	}

	@Test
	@Tag("every-server")
	void sessionsAndStreamsStayUntilTheTimeoutAndEndWell() throws Exception {
		Duration timeout = Duration.ofSeconds(4);
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.timeout", timeout.toMillis() + "ms")
			.start()) {
			cluster.awaitReady();
			long old = cluster.workerPids().get(0);
			Echoes echoes = new Echoes();
			WebSocket socket = echoes.connect(cluster.port());
			try (RawConnection events = connect(cluster); RawConnection unanswered = connect(cluster)) {
				events.write(RawConnection.get("/endless"));
				Reply head = events.readHead();
				assertThat(head.status()).isEqualTo(200);
				unanswered.write(RawConnection.get("/never"));
				cluster.awaitLine("waiting for ever");
				ClusterProcess.signal("TERM", List.of(old));
				await().atMost(TIMEOUT)
					.pollInterval(Duration.ofMillis(20))
					.until(() -> cluster.cluster().worker(old).state(), "DRAINING"::equals);
				long begin = System.nanoTime();
				Future<Long> end = inBackground(() -> {
					while (events.readChunk().length > 0) {
						// an event
					}
					return System.nanoTime();
				});
				while (System.nanoTime() - begin < timeout.minusSeconds(1).toNanos()) {
					socket.sendText("still here", true);
					assertThat(echoes.next()).isEqualTo(old + " still here");
					assertThat(cluster.cluster().worker(old).state()).isEqualTo("DRAINING");
					assertThat(end.isDone()).isFalse();
					Thread.sleep(100);
				}
				assertThat(Duration.ofNanos(end.get() - begin)).isBetween(timeout.minusSeconds(1),
						timeout.plusSeconds(3));
				assertThat(echoes.next()).isEqualTo("closed with 1001");
				cluster.awaitLine("session closed with 1001");
				Reply reply = unanswered.read();
				assertThat(reply.status()).isEqualTo(503);
			}
			cluster.awaitReplaced(List.of(old));
			cluster.awaitLine("Ended: 2 asynchronous requests and 1 sessions");
		}
	}

	@Test
	void anApplicationThatClosesByItselfDrainsFirst() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("management.endpoints.web.exposure.include", "*")
			.property("management.endpoint.shutdown.access", "unrestricted")
			.start()) {
			cluster.awaitReady();
			List<Long> old = cluster.workerPids();
			try (RawConnection held = connect(cluster);
					RawConnection half = connect(cluster);
					RawConnection idle = connect(cluster);
					RawConnection shutdown = connect(cluster)) {
				held.write(RawConnection.get("/hold?name=held&gate=" + gate()));
				half.write("GET /pid HTTP/1.1\r\nHost: loc");
				cluster.awaitLine("holding held");
				assertThat(shutdown.ask(RawConnection.post("/actuator/shutdown", "")).status()).isEqualTo(200);
				assertThat(idle.isClosedByServer()).isTrue();
				half.write("alhost\r\n\r\n");
				Files.createFile(gate());
				for (RawConnection connection : List.of(held, half)) {
					Reply reply = connection.read();
					assertThat(reply.body()).isEqualTo(old.get(0).toString());
					assertThat(reply.closes()).isTrue();
				}
			}
			cluster.awaitReplaced(old);
		}
	}

	@Test
	void aClientThatEndsItsSessionLetsTheWorkerGo() throws Exception {
		try (ClusterProcess cluster = oneWorker().start()) {
			cluster.awaitReady();
			Echoes echoes = new Echoes();
			WebSocket socket = echoes.connect(cluster.port());
			drainUntilIdleAreClosed(cluster);
			socket.sendText("still here", true);
			assertThat(echoes.next()).endsWith(" still here");
			socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
			assertThat(cluster.awaitExit(Duration.ofSeconds(10))).isEqualTo(143);
		}
	}

	@Test
	@Tag("every-server")
	void http2ConnectionsGetGoAwayAndTheirStreamsEndWell() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("server.http2.enabled", true)
			.property("cluster.drain.timeout", "3s")
			.start()) {
			cluster.awaitReady();
			try (Http2Connection idle = Http2Connection.open(cluster.port(), TIMEOUT);
					Http2Connection connection = Http2Connection.open(cluster.port(), TIMEOUT)) {
				idle.get(1, "/pid");
				assertThat(idle.readUntil(Http2Connection.DATA)).isNotNull();
				connection.get(1, "/endless");
				assertThat(connection.readUntil(Http2Connection.HEADERS).isStatus200()).isTrue();
				drain(cluster);
				long begin = System.nanoTime();
				assertThat(connection.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).as("until GOAWAY")
					.isLessThan(Duration.ofSeconds(1));
				assertThat(idle.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
				assertThat(idle.readUntil(Http2Connection.SETTINGS)).as("end of the idle connection").isNull();
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).as("until the idle connection was closed")
					.isLessThan(Duration.ofSeconds(2));
				Http2Connection.Frame frame = connection.readUntil(Http2Connection.DATA);
				while (frame != null && (frame.flags() & 1) == 0) {
					frame = connection.readUntil(Http2Connection.DATA);
				}
				assertThat(frame).as("end of the stream").isNotNull();
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(2),
						Duration.ofSeconds(6));
			}
			assertLeaves(cluster);
		}
	}

	@Test
	void aConnectionThatBecomesHttp2DuringTheDrainGetsGoAway() throws IOException {
		try (ClusterProcess cluster = oneWorker().property("server.http2.enabled", true)
			.property("cluster.drain.idle-grace", "3s")
			.start()) {
			cluster.awaitReady();
			try (RawConnection connection = RawConnection.open(cluster.port(), TIMEOUT)) {
				drain(cluster);
				connection.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\0\0\0\4\0\0\0\0\0");
				byte[] frame = connection.readFully(9);
				while (frame[3] != Http2Connection.GOAWAY) {
					connection.readFully((frame[0] & 0xff) << 16 | (frame[1] & 0xff) << 8 | frame[2] & 0xff);
					frame = connection.readFully(9);
				}
			}
			assertLeaves(cluster);
		}
	}

	@Test
	@Tag("every-server")
	void connectionsWithTlsAreDrainedLikeOthers() throws Exception {
		TestCertificate certificate = TestCertificate.create(this.directory);
		SSLContext context = certificate.clientContext();
		try (ClusterProcess cluster = oneWorker().property("server.ssl.key-store", certificate.keyStore())
			.property("server.ssl.key-store-password", TestCertificate.PASSWORD)
			.property("management.server.port", 0)
			.property("management.server.ssl.enabled", false)
			.start()) {
			cluster.awaitReady();
			int port = cluster.port();
			try (RawConnection pipelined = RawConnection.open(port, TIMEOUT, context);
					RawConnection half = RawConnection.open(port, TIMEOUT, context);
					RawConnection idle = RawConnection.open(port, TIMEOUT, context);
					RawConnection noHandshake = RawConnection.open(port, TIMEOUT);
					RawConnection probe = RawConnection.open(port, TIMEOUT, context)) {
				for (RawConnection connection : List.of(pipelined, half, idle, probe)) {
					assertThat(connection.ask(RawConnection.get("/pid")).closes()).isFalse();
				}
				pipelined
					.write(RawConnection.get("/hold?name=first&gate=" + gate()) + RawConnection.get("/pid").repeat(19));
				half.write("GET /pid HTTP/1.1\r\nHost: loc");
				cluster.awaitLine("holding first");
				cluster.signal("TERM");
				await().atMost(TIMEOUT).until(() -> probe.ask(RawConnection.get("/pid")).closes());
				assertThat(idle.isClosedByServer()).isTrue();
				assertThat(noHandshake.isClosedByServer()).isTrue();
				half.write("alhost\r\n\r\n");
				assertThat(half.read().closes()).isTrue();
				Files.createFile(gate());
				assertOnlyTheLastCloses(pipelined, 20);
			}
			assertLeaves(cluster);
		}
	}

	@Test
	@DisabledIfSystemProperty(named = "test.server", matches = "jetty", disabledReason = "only Tomcat does that")
	void aFileThatTheServerSendsByItselfIsSentToItsEnd() throws Exception {
		int length = 64 * 1024 * 1024;
		Path file = fileOf(length);
		try (ClusterProcess cluster = oneWorker().start()) {
			cluster.awaitReady();
			try (RawConnection connection = connect(cluster)) {
				connection.receiveBuffer(64 * 1024);
				connection.write(RawConnection.get("/sendfile?file=" + file));
				Reply head = connection.readHead();
				assertThat(head.headers()).containsEntry("content-length", Integer.toString(length));
				connection.readFully(1024 * 1024);
				drainUntilIdleAreClosed(cluster);
				for (int i = 1; i < 64; i++) {
					connection.readFully(1024 * 1024);
					Thread.sleep(20);
				}
			}
			assertThat(cluster.awaitExit(Duration.ofSeconds(10))).isEqualTo(143);
		}
	}

	@Test
	@DisabledIfSystemProperty(named = "test.server", matches = "jetty", disabledReason = "only Tomcat does that")
	void aConnectionOnWhichAFileWasSentIsIdleAfterwards() throws IOException {
		Path file = fileOf(8 * 1024 * 1024);
		try (ClusterProcess cluster = oneWorker().start()) {
			cluster.awaitReady();
			try (RawConnection connection = connect(cluster)) {
				connection.write(RawConnection.get("/sendfile?file=" + file));
				assertThat(connection.read().status()).isEqualTo(200);
				drain(cluster);
				assertThat(connection.isClosedByServer()).isTrue();
			}
			assertThat(cluster.awaitExit(Duration.ofSeconds(10))).isEqualTo(143);
		}
	}

	private Path fileOf(int length) throws IOException {
		Path path = this.directory.resolve("file");
		try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
			file.setLength(length);
		}
		return path;
	}

	private static <T> Future<T> inBackground(Callable<T> task) {
		ExecutorService executor = Executors.newSingleThreadExecutor((runnable) -> {
			Thread thread = new Thread(runnable, "client");
			thread.setDaemon(true);
			return thread;
		});
		try {
			return executor.submit(task);
		}
		finally {
			executor.shutdown();
		}
	}

}
