package io.clusterboot.it;

import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.clusterboot.it.HttpConnection.Reply;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What clients of each kind see of a worker that leaves, with real processes. What each
 * kind of connection is owed, case by case, is in the contract test of the servers.
 */
@Tag("every-server")
@ExtendWith(PrintOutputOnFailure.class)
class LosslessDrainTests {

	@TempDir
	private Path directory;

	private static ClusterProcessBuilder oneWorker() {
		return ClusterProcess.ports()
			.workers(1)
			.property("server.http2.enabled", true)
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("cluster.drain.idle-grace", "200ms")
			.property("cluster.drain.close-window", "100ms")
			.property("cluster.shutdown.timeout", "15m");
	}

	private static HttpConnection connect(ClusterProcess cluster) throws IOException {
		HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
		assertThat(connection.get("/pid").closes()).isFalse();
		return connection;
	}

	private Path gate() {
		return this.directory.resolve("gate");
	}

	private static String get(String path) {
		return "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path);
	}

	private static void write(HttpConnection connection, String text) throws IOException {
		connection.write(text.getBytes(StandardCharsets.US_ASCII));
	}

	@Test
	void whatIsUnderWayWhenTheWorkerLeavesIsFinished() throws Exception {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.timeout", "10m").start()) {
			cluster.awaitReady();
			Echoes echoes = new Echoes();
			WebSocket session = echoes.connect(cluster.port());
			try (HttpConnection pipelined = connect(cluster);
					HttpConnection half = connect(cluster);
					HttpConnection upload = connect(cluster);
					HttpConnection idle = connect(cluster);
					Http2Connection http2 = Http2Connection.open(cluster.port(), Deadlines.EVENT)) {
				write(pipelined, get("/hold?name=first&gate=" + gate()) + get("/pid").repeat(19));
				cluster.awaitLine("holding first", Deadlines.EVENT);
				http2.get(1, "/hold?name=stream&gate=" + gate());
				cluster.awaitLine("holding stream", Deadlines.EVENT);
				write(half, "GET /pid HTTP/1.1\r\nHost: loc");
				write(upload, "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345");
				cluster.signal("TERM");
				assertThat(http2.readUntil(Http2Connection.GOAWAY).errorCode()).isZero();
				assertThat(idle.isClosedByServer(Deadlines.EVENT)).isTrue();
				write(half, "alhost\r\n\r\n");
				write(upload, "67890");
				assertIsLast(half);
				assertIsLast(upload);
				session.sendText("still here", true);
				assertThat(echoes.next()).endsWith(" still here");
				Files.createFile(gate());
				for (int i = 1; i < 20; i++) {
					assertThat(pipelined.read().closes()).as("answer %d of 20 says Connection: close", i).isFalse();
				}
				assertIsLast(pipelined);
				assertThat(http2.readUntil(Http2Connection.HEADERS).isStatus200()).isTrue();
				assertThat(http2.readUntil(Http2Connection.DATA)).isNotNull();
			}
			session.sendClose(WebSocket.NORMAL_CLOSURE, "");
			assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(143);
		}
	}

	private static void assertIsLast(HttpConnection connection) throws IOException {
		Reply reply = connection.read();
		assertThat(reply.status()).isEqualTo(200);
		assertThat(reply.closes()).isTrue();
		assertThat(connection.isClosedByServer(Deadlines.EVENT)).isTrue();
	}

	/**
	 * The time-out may be over before anybody has looked, so that nothing is expected of
	 * the time before. A worker that is replaced shows that this is no matter of the end
	 * of the cluster.
	 */
	@Test
	void whatDoesNotEndByItselfEndsWellAtTheTimeout() throws Exception {
		try (ClusterProcess cluster = oneWorker().property("cluster.drain.timeout", "2s").start()) {
			cluster.awaitReady();
			long old = cluster.workerPids().get(0);
			Echoes echoes = new Echoes();
			WebSocket session = echoes.connect(cluster.port());
			session.sendText("here", true);
			assertThat(echoes.next()).isEqualTo(old + " here");
			try (HttpConnection events = connect(cluster);
					HttpConnection unanswered = connect(cluster);
					Http2Connection http2 = Http2Connection.open(cluster.port(), Deadlines.EVENT)) {
				write(events, get("/endless"));
				assertThat(events.readHead().status()).isEqualTo(200);
				write(unanswered, get("/never"));
				cluster.awaitLine("waiting for ever", Deadlines.EVENT);
				http2.get(1, "/endless");
				assertThat(http2.readUntil(Http2Connection.HEADERS).isStatus200()).isTrue();
				Processes.signal("TERM", List.of(old));
				while (events.readChunk().length > 0) {
					// an event
				}
				Http2Connection.Frame frame = http2.readUntil(Http2Connection.DATA);
				while (frame != null && !frame.endsStream()) {
					frame = http2.readUntil(Http2Connection.DATA);
				}
				assertThat(frame).as("end of the stream").isNotNull();
				assertThat(unanswered.read().status()).isEqualTo(503);
				assertThat(echoes.next()).isEqualTo("closed with 1001");
				cluster.awaitLine("session closed with 1001", Deadlines.EVENT);
			}
			cluster.awaitReplaced(List.of(old));
			cluster.awaitLine("Ended: 3 asynchronous requests and 1 sessions", Deadlines.EVENT);
		}
	}

}
