package io.clusterboot.it;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.clusterboot.it.HttpConnection.Reply;
import io.clusterboot.it.LoadResult.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections move to other workers, and their clients do not notice.
 */
@ExtendWith(PrintOutputOnFailure.class)
@DisabledIfSystemProperty(named = "test.server", matches = "jetty|netty", disabledReason = "connections stay there")
class HandOverTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static ClusterProcess cluster;

	private final List<HttpConnection> connections = new ArrayList<>();

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("cluster.rebalance.enabled", false)
			.start();
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	@AfterEach
	void closeConnections() {
		this.connections.forEach(HttpConnection::closeQuietly);
	}

	private HttpConnection connect() throws IOException {
		HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT);
		this.connections.add(connection);
		return connection;
	}

	/**
	 * Have all workers replaced and wait until they are gone.
	 */
	private static Set<Long> replaceAll() {
		Set<Long> former = cluster.cluster().pids();
		List<Integer> ids = cluster.cluster().workers().stream().map(ClusterView.Worker::id).toList();
		ClusterProcess.signal("TERM", List.copyOf(former));
		ids.forEach((id) -> cluster.awaitLine("worker-%d \\(.*\\) exited after".formatted(id), TIMEOUT));
		return cluster.awaitReplaced(former).pids();
	}

	@Test
	void idleConnectionsGoOnWithAnotherWorker() throws IOException {
		for (int i = 0; i < 50; i++) {
			assertThat(connect().get("/pid").closes()).isFalse();
		}
		for (int i = 0; i < 10; i++) {
			connect();
		}
		for (int round = 0; round < 2; round++) {
			Set<Long> successors = replaceAll();
			Set<Long> answered = new HashSet<>();
			for (HttpConnection connection : this.connections) {
				Reply reply = connection.post("/upload", new byte[1000]);
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.closes()).isFalse();
				answered.add(connection.get("/pid").pid());
			}
			assertThat(answered).isEqualTo(successors);
		}
	}

	@Test
	void busyConnectionsMoveAtTheEndOfTheirResponse() {
		LoadGenerator.Running load = LoadGenerator.on(cluster.port()).clients(8).keepAlive().start();
		try {
			load.awaitAnswers(100);
			Set<Long> successors = replaceAll();
			load.awaitAnswers(100);
			LoadResult result = load.stop();
			result.assertNoFailures();
			System.out.println(result.table());
			assertThat(result.exchanges()).as("first requests of their connections")
				.filteredOn(Exchange::fresh)
				.hasSize(8);
			assertThat(result.exchanges()).as("last requests of their connections").noneMatch(Exchange::closes);
			assertAnsweredAtTheEndBy(result, successors);
		}
		finally {
			load.close();
		}
	}

	private static void assertAnsweredAtTheEndBy(LoadResult result, Collection<Long> pids) {
		List<Exchange> all = result.exchanges();
		assertThat(all.subList(all.size() - 50, all.size())).allMatch((exchange) -> pids.contains(exchange.pid()));
	}

}
