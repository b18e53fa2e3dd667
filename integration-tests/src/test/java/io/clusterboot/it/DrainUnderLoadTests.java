package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Workers leave one after the other while clients of several kinds are busy, and no
 * request fails. Nothing is ever repeated.
 */
@Tag("full")
@ExtendWith(PrintOutputOnFailure.class)
class DrainUnderLoadTests {

	private static final Duration TIMEOUT = Deadlines.EVENT;

	private static final int PIPELINING = 200;

	private static final int BATCH = 8;

	private static final int KEEPING_ALIVE = 20;

	private static final int UPLOADING = 6;

	private static final int STEPS = 1;

	private final Queue<String> failures = new ConcurrentLinkedQueue<>();

	private final Map<String, LongAdder> answers = new TreeMap<>(
			Map.of("pipelined", new LongAdder(), "kept alive", new LongAdder(), "upload", new LongAdder()));

	private volatile boolean stopped;

	@Test
	void noRequestFailsWhileWorkersLeave() throws Exception {
		try (ClusterProcess cluster = ClusterProcess.ports()
			// longer than any client is silent
			.property("cluster.drain.idle-grace", "1m")
			.property("cluster.drain.timeout", "10m")
			.property("cluster.shutdown.timeout", "15m")
			// Tomcat ends a connection with its hundredth request, pipelined or not
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("server.tomcat.threads.max", 50)
			.start()) {
			cluster.awaitReady();
			List<Thread> clients = new ArrayList<>();
			try {
				start(clients, "pipelined", PIPELINING, () -> pipeline(cluster.port()));
				start(clients, "kept alive", KEEPING_ALIVE, () -> keepAlive(cluster.port()));
				start(clients, "upload", UPLOADING, () -> upload(cluster.port()));
				for (int step = 0; step < STEPS; step++) {
					leave(cluster);
				}
			}
			finally {
				this.stopped = true;
				for (Thread client : clients) {
					client.join(TIMEOUT.toMillis());
				}
			}
		}
		System.out.printf("Answers while %d workers left: %s, failures: %d%n", STEPS, this.answers,
				this.failures.size());
		assertThat(this.failures).isEmpty();
		assertThat(this.answers.values()).as("answers").allMatch((count) -> count.sum() > 100);
	}

	/**
	 * Does not ask the cluster how it is: its answer would have to queue with the others.
	 */
	private static void leave(ClusterProcess cluster) {
		long leaving = cluster.workerPids().get(0);
		Processes.signal("TERM", List.of(leaving));
		cluster.awaitLine("pid %d\\) exited .*exit code 0".formatted(leaving), TIMEOUT);
	}

	private void start(List<Thread> clients, String kind, int count, Client client) {
		for (int i = 0; i < count; i++) {
			Thread thread = new Thread(() -> {
				while (!this.stopped) {
					try {
						client.useConnection();
					}
					catch (IOException ex) {
						this.failures.add(kind + ": " + ex);
						return;
					}
					catch (InterruptedException ex) {
						return;
					}
				}
			}, kind + "-" + i);
			thread.setDaemon(true);
			clients.add(thread);
			thread.start();
		}
	}

	/**
	 * Send requests without waiting for the answers, again and again until one of them
	 * says that it is the last.
	 */
	private void pipeline(int port) throws IOException, InterruptedException {
		try (HttpConnection connection = HttpConnection.open(port, TIMEOUT)) {
			boolean closes = false;
			while (!closes && !this.stopped) {
				write(connection, "GET /slow?ms=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(BATCH));
				for (int i = 1; i <= BATCH; i++) {
					if (closes) {
						throw new IOException("Connection: close in answer %d of %d".formatted(i - 1, BATCH));
					}
					closes = check("pipelined", connection.read());
				}
				Thread.sleep(1500);
			}
		}
	}

	private void keepAlive(int port) throws IOException, InterruptedException {
		try (HttpConnection connection = HttpConnection.open(port, TIMEOUT)) {
			while (!this.stopped && !check("kept alive", connection.get("/pid"))) {
				Thread.sleep(50);
			}
		}
	}

	private void upload(int port) throws IOException, InterruptedException {
		try (HttpConnection connection = HttpConnection.open(port, TIMEOUT)) {
			boolean closes = false;
			while (!closes && !this.stopped) {
				write(connection, "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
				for (int i = 0; i < 10; i++) {
					write(connection, "x".repeat(10_000));
					Thread.sleep(30);
				}
				HttpConnection.Reply reply = connection.read();
				closes = check("upload", reply);
				if (!reply.body().contains("\"bytes\":100000")) {
					throw new IOException("wrong answer " + reply);
				}
			}
		}
	}

	private static void write(HttpConnection connection, String text) throws IOException {
		connection.write(text.getBytes(StandardCharsets.US_ASCII));
	}

	private boolean check(String kind, HttpConnection.Reply reply) throws IOException {
		if (reply.status() != 200) {
			throw new IOException("wrong answer " + reply);
		}
		this.answers.get(kind).increment();
		return reply.closes();
	}

	@FunctionalInterface
	private interface Client {

		/**
		 * Open a connection and use it to its end.
		 */
		void useConnection() throws IOException, InterruptedException;

	}

}
