package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.redis.RedisServer;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.state.SharedState;
import io.clusterboot.state.SocketConnectionFactory;
import io.clusterboot.worker.WorkerAgent;
import io.lettuce.core.resource.ClientResources;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.MockedStatic;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisReactiveAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.ReactiveStringRedisTemplate;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;

/**
 * Tests for {@link EmbeddedRedisAutoConfiguration}, with a Redis as the primary runs it.
 */
@DisabledOnOs(OS.WINDOWS)
class EmbeddedRedisAutoConfigurationTests {

	private static final Duration LIMIT = Duration.ofMinutes(3);

	@TempDir
	private Path directory;

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(EmbeddedRedisAutoConfiguration.class, SharedStateAutoConfiguration.class,
						DataRedisAutoConfiguration.class, DataRedisReactiveAutoConfiguration.class))
		.withUserConfiguration(Properties.class)
		.withBean(WorkerAgent.class, () -> this.agent)
		.withPropertyValues("cluster.redis.mode=embedded", "cluster.state.timeout=1m", "cluster.state.lock-lease=5m");

	private RedisServer server;

	@BeforeEach
	void beAWorker() throws IOException {
		this.server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, this.directory);
		given(this.agent.redis(any())).willAnswer(
				(call) -> this.server.provide(call.getArgument(0)).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
		given(this.agent.identity())
			.willReturn(new WorkerIdentity(1, 0, 0, 0, this.directory.resolve("primary.sock"), PortSharing.HANDLES));
	}

	@AfterEach
	void end() {
		this.server.close();
	}

	private RedisDescription describe() {
		return Objects.requireNonNull(this.server.describe());
	}

	private void run(ContextConsumer<AssertableApplicationContext> consumer, String... properties) {
		try (MockedStatic<WorkerAgent> agents = mockStatic(WorkerAgent.class)) {
			agents.when(WorkerAgent::current).thenReturn(this.agent);
			this.runner.withPropertyValues(properties).run(consumer);
		}
	}

	@Test
	void whateverUsesRedisUsesTheSocket() {
		List<SocketConnectionFactory> used = new ArrayList<>();
		run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(RedisConnectionFactory.class);
			SocketConnectionFactory connections = context.getBean(SocketConnectionFactory.class);
			used.add(connections);
			assertThat(connections.isRunning()).isTrue();
			assertThat(connections.getDatabase()).isEqualTo(3);
			assertThat(connections.getClientConfiguration().getClientName()).hasValue("shop");
			assertThat(connections.getClientConfiguration().getClientResources())
				.containsSame(context.getBean(ClientResources.class));
			StringRedisTemplate redis = context.getBean(StringRedisTemplate.class);
			redis.opsForValue().set("key", "value");
			assertThat(context.getBean(ReactiveStringRedisTemplate.class).opsForValue().get("key").block(LIMIT))
				.isEqualTo("value");
			assertThat(context.getBean(SharedState.class).counter("orders").increment()).isEqualTo(1);
			assertThat(redis.opsForValue().get("application:counter:orders")).isEqualTo("1");
			assertThat(redis.getClientList()).allSatisfy((client) -> {
				assertThat(client.getName()).isEqualTo("shop");
				assertThat(client.getAddressPort()).contains("redis.sock");
			});
		}, "spring.data.redis.database=3", "spring.data.redis.client-name=shop");
		assertThat(used).singleElement().satisfies((connections) -> assertThat(connections.isRunning()).isFalse());
	}

	@Test
	void whateverIsConnectedIsConnectedAgainWhenRedisWasAway() {
		run((context) -> {
			StringRedisTemplate redis = context.getBean(StringRedisTemplate.class);
			BlockingQueue<String> heard = new LinkedBlockingQueue<>();
			RedisMessageListenerContainer container = new RedisMessageListenerContainer();
			container.setConnectionFactory(context.getBean(RedisConnectionFactory.class));
			container.addMessageListener((message, pattern) -> heard.add(message.toString()), ChannelTopic.of("news"));
			container.afterPropertiesSet();
			container.start();
			try {
				redis.convertAndSend("news", "first");
				assertThat(heard.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo("first");
				ProcessHandle.of(Objects.requireNonNull(describe().pid())).orElseThrow().destroyForcibly();
				await().atMost(LIMIT).until(() -> describe().restarts() == 1 && describe().up());
				await().atMost(LIMIT).until(() -> redis.convertAndSend("news", "second") == 1);
				assertThat(heard.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo("second");
			}
			finally {
				container.destroy();
			}
		});
	}

	@Test
	void jedisIsRefused() {
		run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(NoRedisException.class)
			.hasMessageContaining("Jedis"), "spring.data.redis.client-type=jedis");
	}

	@Test
	void replicasAreRefused() {
		run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(NoRedisException.class)
			.hasMessageContaining("read-from"), "spring.data.redis.lettuce.read-from=replica-preferred");
	}

	/**
	 * Whoever makes connections from what Spring Boot knows reaches nobody.
	 */
	@Test
	void detailsNameNoHostThatExists() {
		run((context) -> {
			EmbeddedRedisConnectionDetails details = context.getBean(EmbeddedRedisConnectionDetails.class);
			assertThat(details.getStandalone().getHost()).endsWith(".invalid");
			assertThat(details.getPassword()).isNull();
		});
	}

	@EnableConfigurationProperties(ClusterProperties.class)
	static class Properties {

	}

}
