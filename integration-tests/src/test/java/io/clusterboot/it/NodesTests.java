package io.clusterboot.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.clusterboot.it.state.StateConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Two clusters that share a Redis know of each other. The way of one of them to Redis is
 * cut in the middle.
 */
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class NodesTests {

	private static SharedRedis redis;

	private static TcpRelay relay;

	private static ClusterProcess one;

	private static ClusterProcess another;

	@BeforeAll
	static void start(@TempDir Path directory) throws IOException {
		redis = SharedRedis.start();
		relay = new TcpRelay(redis.host(), redis.port());
		one = node(directory, redis.host(), redis.port());
		another = node(directory, "127.0.0.1", relay.port());
		one.awaitReady();
		another.awaitReady();
	}

	private static ClusterProcess node(Path directory, String redisHost, int redisPort) {
		return ClusterProcess.demoWith(StateConfiguration.class)
			.workers(1)
			.property("app.lock-file", directory.resolve("locks"))
			.property("spring.data.redis.host", redisHost)
			.property("spring.data.redis.port", redisPort)
			.property("cluster.name", "shop")
			.property("cluster.nodes.heartbeat", "2s")
			.property("cluster.state.timeout", "20s")
			.property("cluster.state.lock-lease", "1m")
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.reload.probation", "100ms")
			.property("cluster.drain.idle-grace", "200ms")
			.property("management.endpoint.cluster.access", "unrestricted")
			.start();
	}

	@AfterAll
	static void stop() throws Exception {
		for (AutoCloseable started : new AutoCloseable[] { one, another, relay, redis }) {
			if (started != null) {
				started.close();
			}
		}
	}

	private static HttpConnection.Reply get(ClusterProcess node, String path) throws IOException {
		try (HttpConnection connection = HttpConnection.open(node.port(), Deadlines.EVENT)) {
			return connection.get(path);
		}
	}

	private static JsonNode cluster(ClusterProcess node) throws IOException {
		return JsonMapper.shared().readTree(get(node, "/actuator/cluster").body());
	}

	private static Set<Long> primaries(ClusterProcess node) throws IOException {
		Set<Long> primaries = new HashSet<>();
		cluster(node).path("nodes").forEach((other) -> primaries.add(other.path("primary").asLong()));
		return primaries;
	}

	private static void awaitPrimaries(ClusterProcess node, Long... pids) {
		await().atMost(Deadlines.EVENT).until(() -> primaries(node), (primaries) -> primaries.equals(Set.of(pids)));
	}

	private static void awaitHeard(ClusterProcess node, String text) {
		await().atMost(Deadlines.EVENT).until(() -> get(node, "/heard").body().contains(text));
	}

	@Test
	@Order(1)
	void nodesListEachOtherWithTheirWorkers() throws Exception {
		awaitPrimaries(one, one.pid(), another.pid());
		awaitPrimaries(another, one.pid(), another.pid());
		Set<Long> workers = new HashSet<>();
		cluster(one).path("nodes")
			.forEach((node) -> node.path("workers").forEach((worker) -> workers.add(worker.path("pid").asLong())));
		assertThat(workers).containsAll(one.workerPids()).containsAll(another.workerPids());
	}

	@Test
	@Order(2)
	void aMessageReachesAllNodes() throws Exception {
		assertThat(get(one, "/shout?text=hello").status()).isEqualTo(200);
		awaitHeard(another, "hello from afar");
		assertThat(get(one, "/heard").body()).doesNotContain("hello");
		assertThat(get(another, "/increment").body()).contains("\"counter\":1");
		assertThat(get(one, "/increment").body()).contains("\"counter\":2");
	}

	@Test
	@Order(3)
	void whatSomebodyElseWritesIsSkippedNamedAndShown() throws Exception {
		redis("SADD shop:set:io.clusterboot.nodes junk", "SET shop:value:io.clusterboot.node.junk junk",
				"SET shop:value:io.clusterboot.reload junk", "PUBLISH shop:channel:messages junk");
		String key = "shop:value:io.clusterboot.node.junk";
		one.awaitLine("What nodes have in Redis is skipped: '" + key, Deadlines.EVENT);
		JsonNode cluster = cluster(one);
		assertThat(cluster.path("nodes")).hasSize(2);
		assertThat(cluster.path("nodesUnreadable")).hasSize(2);
		assertThat(cluster.path("nodesUnreadable").path(0).path("key").asString()).isEqualTo(key);
		assertThat(new Operations(one).post("reload?scope=all").status()).isEqualTo(409);
		assertThat(get(one, "/shout?text=still").status()).isEqualTo(200);
		awaitHeard(another, "still from afar");
		redis("DEL " + key, "DEL shop:value:io.clusterboot.reload");
		assertThat(cluster(one).has("nodesUnreadable")).isFalse();
	}

	/**
	 * Each command is answered in one line.
	 */
	private static void redis(String... commands) throws IOException {
		try (Socket socket = new Socket(redis.host(), redis.port());
				BufferedReader answers = new BufferedReader(
						new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
			for (String command : commands) {
				socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
				assertThat(answers.readLine()).doesNotStartWith("-");
			}
		}
	}

	@Test
	@Order(4)
	void aNodeThatIsCutOffServesAndComesBack() throws Exception {
		relay.cut();
		awaitPrimaries(one, one.pid());
		another.awaitLine("Other nodes cannot be reached", Deadlines.EVENT);
		assertThat(get(another, "/").status()).isEqualTo(200);
		assertThat(get(another, "/increment").status()).isEqualTo(503);
		assertThat(get(another, "/shout?text=lost").status()).isEqualTo(409);
		assertThat(cluster(another).has("nodes")).isFalse();
		assertThat(get(one, "/shout?text=missed").status()).isEqualTo(200);
		relay.mend();
		awaitPrimaries(one, one.pid(), another.pid());
		awaitPrimaries(another, one.pid(), another.pid());
		await().atMost(Deadlines.EVENT).until(() -> {
			get(one, "/shout?text=again");
			return get(another, "/heard").body().contains("again from afar");
		});
		assertThat(get(another, "/heard").body()).doesNotContain("missed");
	}

	@Test
	@Order(5)
	void aReloadOfAllNodesRollsOneAfterTheOther() throws Exception {
		List<Long> before = new ArrayList<>(one.workerPids());
		before.addAll(another.workerPids());
		assertThat(new Operations(one).post("reload?scope=all&wait=1m").status()).isEqualTo(400);
		Operations.Answer answer = new Operations(another).post("reload?scope=all");
		assertThat(answer.status()).as(answer.body()).isEqualTo(202);
		assertThat(answer.json().path("pending")).hasSize(2);
		assertThat(new Operations(one).post("reload?scope=all").status()).isEqualTo(409);
		await().atMost(Deadlines.EVENT).pollInterval(Duration.ofMillis(50)).until(() -> {
			// the same one before and after: its turn may end between two questions
			assertThat(isRolling(one) && isRolling(another) && isRolling(one)).as("both at the same time").isFalse();
			return cluster(one).path("nodesReload").path("done").size() == 2;
		});
		assertThat(one.awaitReplaced(before).pids()).isNotEmpty();
		assertThat(another.awaitReplaced(before).pids()).isNotEmpty();
	}

	private static boolean isRolling(ClusterProcess node) throws IOException {
		return "ROLLING".equals(cluster(node).path("reload").path("state").asString());
	}

	@Test
	@Order(6)
	void aNodeThatHasGoneIsListedNoMore() {
		another.signal("KILL");
		another.awaitNothingLeft(Deadlines.EVENT);
		awaitPrimaries(one, one.pid());
	}

}
