package io.clusterboot.it;

import java.io.IOException;
import java.time.Duration;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A worker that has as many connections as its server allows leaves others to other
 * workers, and a client for whom there is no worker waits.
 */
@Tag("full")
@Tag("every-server")
@ExtendWith(PrintOutputOnFailure.class)
class ConnectionLimitTests {

	private static final Duration TIMEOUT = Deadlines.EVENT;

	@ParameterizedTest
	@ValueSource(strings = { "kernel", "round-robin" })
	void connectionsBeyondTheLimitWait(String loadBalancing) throws IOException {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(2)
			.property("cluster.load-balancing", loadBalancing)
			.property("management.server.port", 0)
			.property("cluster.drain.idle-grace", "200ms")
			.property("server.tomcat.max-connections", 1)
			.property("server.jetty.max-connections", 1)
			.property("app.max-connections", 1)
			.start()) {
			cluster.awaitReady();
			try (HttpConnection first = connect(cluster);
					HttpConnection second = connect(cluster);
					HttpConnection third = connect(cluster)) {
				long freed = first.get("/pid").pid();
				assertThat(second.get("/pid").pid()).isNotEqualTo(freed);
				third.send("GET", "/pid", new byte[0]);
				// a machine that is slow makes a connection wait, too: the contract test
				// of
				// the servers proves that nobody accepts it
				assertThat(third.isAnswered(Duration.ofMillis(200))).isFalse();
				assertThatOtherPortsAnswer(cluster);
				first.send("GET", "/pid", new byte[0], "Connection: close");
				assertThat(first.read().closes()).isTrue();
				// Jetty waits for the client to close, too
				HttpConnection.closeQuietly(first);
				assertThat(third.read().pid()).isEqualTo(freed);
				HttpConnection.closeQuietly(third);
				for (int i = 0; i < 4; i++) {
					assertThat(answersOnce(cluster)).as("while the other one is full").isEqualTo(freed);
				}
			}
		}
	}

	private static void assertThatOtherPortsAnswer(ClusterProcess cluster) throws IOException {
		for (int i = 0; i < 4; i++) {
			try (HttpConnection probe = HttpConnection.open(cluster.managementPort(), TIMEOUT)) {
				probe.send("GET", "/actuator/health/liveness", new byte[0], "Connection: close");
				assertThat(probe.read().status()).isEqualTo(200);
			}
		}
	}

	private static long answersOnce(ClusterProcess cluster) throws IOException {
		try (HttpConnection connection = connect(cluster)) {
			connection.send("GET", "/pid", new byte[0], "Connection: close");
			return connection.read().pid();
		}
	}

	private static HttpConnection connect(ClusterProcess cluster) throws IOException {
		return HttpConnection.open(cluster.port(), TIMEOUT);
	}

}
