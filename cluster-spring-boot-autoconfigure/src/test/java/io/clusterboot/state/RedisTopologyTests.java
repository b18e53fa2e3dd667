package io.clusterboot.state;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;
import java.util.stream.IntStream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.redis.ConfiguredRedis;
import io.clusterboot.redis.ServerCertificate;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RedisSharedState} with each kind of topology that Spring Boot can be
 * configured for. The servers are real ones.
 */
@DisabledOnOs(OS.WINDOWS)
class RedisTopologyTests {

	private static final String HOST = "127.0.0.1";

	private static final String PASSWORD = "changeit";

	private static final Duration LIMIT = Duration.ofMinutes(3);

	private static final ClusterProperties.State SETTINGS = new ClusterProperties.State(Duration.ofSeconds(10),
			Duration.ofSeconds(30));

	@TempDir
	private Path directory;

	private final List<AutoCloseable> opened = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		for (int i = this.opened.size() - 1; i >= 0; i--) {
			this.opened.get(i).close();
		}
	}

	private <T extends AutoCloseable> T closeAtEnd(T resource) {
		this.opened.add(resource);
		return resource;
	}

	private ConfiguredRedis redis(String... configuration) {
		int port = ConfiguredRedis.freePort();
		List<String> lines = new ArrayList<>(List.of(configuration));
		lines.add("port " + port);
		return closeAtEnd(ConfiguredRedis.start(this.directory.resolve("redis-" + port), port, lines));
	}

	private RedisSharedState state(RedisConfiguration configuration) {
		return state(new LettuceConnectionFactory(configuration),
				configuration instanceof RedisStaticMasterReplicaConfiguration);
	}

	private RedisSharedState state(LettuceConnectionFactory connections, boolean masterReplica) {
		connections.afterPropertiesSet();
		connections.start();
		this.opened.add(connections::destroy);
		RedisSharedState state = closeAtEnd(
				new RedisSharedState(connections, masterReplica, JsonMapper.shared(), "shop", SETTINGS));
		awaitCounting(state);
		return state;
	}

	private static void awaitCounting(SharedState state) {
		await().atMost(LIMIT)
			.ignoreException(SharedStateException.class)
			.until(() -> state.counter("connected").increment() > 0);
	}

	/**
	 * Do all that shared state can do, on keys that a Redis Cluster spreads over its
	 * nodes.
	 */
	private static void assertWorks(RedisSharedState state) throws Exception {
		for (int i = 0; i < 10; i++) {
			assertThat(state.counter("counter " + i).increment()).isEqualTo(1);
			SharedValue<String> value = state.value("value " + i, String.class);
			assertThat(value.compareAndSet(null, "first")).isTrue();
			assertThat(value.compareAndSet("other", "second")).isFalse();
			assertThat(value.get()).isEqualTo("first");
			Lock lock = state.lock("lock " + i);
			assertThat(lock.tryLock(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			lock.unlock();
			RateLimiter limiter = state.rateLimiter("limit " + i, 1, Duration.ofMinutes(1));
			assertThat(limiter.tryAcquire().permitted()).isTrue();
			assertThat(limiter.tryAcquire().permitted()).isFalse();
		}
		assertThat(state.map("map", Integer.class).putIfAbsent("one", 1)).isNull();
		assertThat(state.map("map", Integer.class)).containsEntry("one", 1);
		assertThat(state.set("set", String.class).add("one")).isTrue();
		assertThat(state.set("set", String.class)).containsExactly("one");
		assertQueueBlocks(state);
		try (Candidacy candidacy = state.candidate("role")) {
			await().atMost(LIMIT).until(candidacy::isLeader);
		}
	}

	private static void assertQueueBlocks(RedisSharedState state) throws Exception {
		BlockingQueue<String> queue = state.queue("queue", String.class);
		CompletableFuture<String> polled = CompletableFuture.supplyAsync(() -> {
			try {
				return queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		queue.put("one");
		assertThat(polled.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("one");
	}

	private static void assertPublishes(RedisSharedState state) throws Exception {
		BlockingQueue<String> messages = new LinkedBlockingQueue<>();
		Subscription subscription = state.subscribe("channel",
				(message) -> messages.add(new String(message, StandardCharsets.UTF_8)));
		state.publish("channel", "hello".getBytes(StandardCharsets.UTF_8));
		assertThat(messages.poll(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("hello");
		subscription.close();
	}

	@Test
	void spreadOverTheNodesOfARedisCluster() throws Exception {
		List<ConfiguredRedis> nodes = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			nodes.add(redis("cluster-enabled yes", "requirepass " + PASSWORD, "masterauth " + PASSWORD));
		}
		join(nodes);
		RedisClusterConfiguration configuration = new RedisClusterConfiguration().clusterNode(HOST,
				nodes.get(0).port());
		configuration.setPassword(PASSWORD);
		RedisSharedState state = state(configuration);
		assertWorks(state);
		assertPublishes(state);
		for (ConfiguredRedis node : nodes) {
			long keys = ask(node, (commands) -> commands.dbsize());
			assertThat(keys).as("keys of a node").isPositive();
		}
	}

	private static void join(List<ConfiguredRedis> nodes) {
		int slots = 16_384;
		for (int i = 0; i < nodes.size(); i++) {
			int[] range = IntStream.range(slots * i / nodes.size(), slots * (i + 1) / nodes.size()).toArray();
			ask(nodes.get(i), (commands) -> {
				commands.clusterAddSlots(range);
				return commands.clusterMeet(HOST, nodes.get(0).port());
			});
		}
		for (ConfiguredRedis node : nodes) {
			await().atMost(LIMIT).until(() -> {
				String info = ask(node, (commands) -> commands.clusterInfo());
				return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:" + nodes.size());
			});
		}
	}

	private static <T> T ask(ConfiguredRedis redis, Function<RedisCommands<String, String>, T> question) {
		RedisClient client = RedisClient.create(
				RedisURI.builder().withHost(HOST).withPort(redis.port()).withPassword(PASSWORD.toCharArray()).build());
		try (StatefulRedisConnection<String, String> connection = client.connect()) {
			return question.apply(connection.sync());
		}
		finally {
			client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
		}
	}

	@Test
	void behindSentinelsWhoAppointAnotherMaster() throws Exception {
		ConfiguredRedis master = redis("requirepass " + PASSWORD, "masterauth " + PASSWORD);
		ConfiguredRedis replica = replicaOf(master);
		int port = ConfiguredRedis.freePort();
		closeAtEnd(ConfiguredRedis.sentinel(this.directory.resolve("sentinel"), port,
				List.of("sentinel monitor shop %s %d 1".formatted(HOST, master.port()),
						"sentinel auth-pass shop " + PASSWORD, "sentinel down-after-milliseconds shop 600000")));
		RedisSentinelConfiguration configuration = new RedisSentinelConfiguration().master("shop").sentinel(HOST, port);
		configuration.setPassword(PASSWORD);
		RedisSharedState state = state(configuration);
		assertWorks(state);
		assertPublishes(state);
		await().atMost(LIMIT).until(() -> ask(replica, (commands) -> commands.get("shop:counter:counter 0")) != null);
		master.close();
		assertThatExceptionOfType(SharedStateException.class).isThrownBy(() -> state.counter("counter 0").increment());
		failOver(port);
		awaitCounting(state);
		assertThat(state.counter("counter 0").increment()).isGreaterThan(1);
		assertThat(replication(replica)).contains("role:master");
	}

	/**
	 * Sentinels that find out themselves pass over a replica that has been without its
	 * master for some seconds, which may be what the test has taken until then.
	 */
	private static void failOver(int sentinel) {
		RedisClient client = RedisClient.create(RedisURI.create(HOST, sentinel));
		try (StatefulRedisSentinelConnection<String, String> connection = client.connectSentinel()) {
			assertThat(connection.sync().failover("shop")).isEqualTo("OK");
		}
		finally {
			client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
		}
	}

	private ConfiguredRedis replicaOf(ConfiguredRedis master) {
		ConfiguredRedis replica = redis("requirepass " + PASSWORD, "masterauth " + PASSWORD,
				"replicaof %s %d".formatted(HOST, master.port()));
		await().atMost(LIMIT).until(() -> replication(replica).contains("master_link_status:up"));
		return replica;
	}

	private static String replication(ConfiguredRedis redis) {
		return ask(redis, (commands) -> commands.info("replication"));
	}

	/**
	 * The user may do nothing but what docs/shared-state.md says that is needed.
	 */
	@Test
	void overTlsAsAUserWhoMayUseItsOwnKeysOnly() throws Exception {
		ServerCertificate certificate = ServerCertificate.create(this.directory, HOST);
		int port = ConfiguredRedis.freePort();
		closeAtEnd(ConfiguredRedis.start(this.directory.resolve("tls"), port, List.of("port 0", "tls-port " + port,
				"tls-cert-file \"%s\"".formatted(certificate.certificate()),
				"tls-key-file \"%s\"".formatted(certificate.privateKey()),
				"tls-ca-cert-file \"%s\"".formatted(certificate.certificate()), "tls-auth-clients no",
				"user default off",
				"user shopper on >%s ~shop:* resetchannels &shop:* +@all -@dangerous -@admin".formatted(PASSWORD))));
		RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(HOST, port);
		configuration.setUsername("shopper");
		configuration.setPassword(PASSWORD);
		LettuceClientConfiguration client = LettuceClientConfiguration.builder()
			.clientOptions(ClientOptions.builder()
				.sslOptions(SslOptions.builder().trustManager(certificate.certificate().toFile()).build())
				.build())
			.useSsl()
			.build();
		RedisSharedState state = state(new LettuceConnectionFactory(configuration, client), false);
		assertWorks(state);
		assertPublishes(state);
	}

	/**
	 * Spring Data Redis has no subscriptions there: who asks for one is told.
	 */
	@Test
	void oneMasterAndItsReplicaThatAreListed() throws Exception {
		ConfiguredRedis master = redis("requirepass " + PASSWORD);
		ConfiguredRedis replica = replicaOf(master);
		RedisStaticMasterReplicaConfiguration configuration = new RedisStaticMasterReplicaConfiguration(HOST,
				replica.port())
			.node(HOST, master.port());
		configuration.setPassword(PASSWORD);
		RedisSharedState state = state(configuration);
		assertWorks(state);
		assertThatExceptionOfType(SharedStateException.class).isThrownBy(() -> state.subscribe("channel", (message) -> {
		})).withMessageContaining("spring.data.redis.masterreplica");
	}

}
