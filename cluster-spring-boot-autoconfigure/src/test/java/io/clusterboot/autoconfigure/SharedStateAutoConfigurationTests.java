package io.clusterboot.autoconfigure;

import java.time.Duration;

import io.clusterboot.redis.TestConnections;
import io.clusterboot.redis.TestRedis;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisServerCommands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SharedStateAutoConfiguration} in an application that does not run as a
 * cluster.
 */
class SharedStateAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EmbeddedRedisAutoConfiguration.class,
				SharedStateAutoConfiguration.class, DataRedisAutoConfiguration.class));

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void usesTheRedisOfTheApplication() {
		try (TestRedis redis = TestRedis.start(Duration.ZERO)) {
			this.runner.withPropertyValues(TestConnections.properties(redis))
				.withPropertyValues("spring.application.name=shop", "cluster.state.timeout=3m",
						"cluster.state.lock-lease=20m")
				.run((context) -> {
					assertThat(context).hasSingleBean(SharedState.class).hasSingleBean(RedisSharedState.class);
					assertThat(context.getBean(SharedState.class).counter("orders").increment()).isEqualTo(1);
				});
		}
	}

	/**
	 * Runners are called before the application is ready.
	 */
	@Test
	@DisabledOnOs(OS.WINDOWS)
	void aRunnerWaitsUntilItIsPreparedIfItIsUsed() {
		try (TestRedis redis = TestRedis.start(Duration.ZERO)) {
			this.runner.withPropertyValues(TestConnections.properties(redis))
				.withPropertyValues("cluster.state.timeout=3m", "cluster.state.lock-lease=20m")
				.run((context) -> {
					ApplicationRunner runner = context.getBean(ApplicationRunner.class);
					runner.run(new DefaultApplicationArguments());
					assertThat(context.getBeanFactory().containsSingleton("clusterSharedState")).isFalse();
					context.getBean(SharedState.class);
					runner.run(new DefaultApplicationArguments());
					RedisServerCommands server = context.getBean(RedisConnectionFactory.class)
						.getConnection()
						.serverCommands();
					assertThat(server.info("commandstats")).containsKey("cmdstat_eval");
				});
		}
	}

	/**
	 * It may be away when a worker starts.
	 */
	@Test
	void aRunnerDoesNotFailTheStart() {
		this.runner
			.withPropertyValues("spring.data.redis.host=127.0.0.1", "spring.data.redis.port=1",
					"cluster.state.timeout=3m", "cluster.state.lock-lease=20m")
			.run((context) -> {
				context.getBean(SharedState.class);
				context.getBean(ApplicationRunner.class).run(new DefaultApplicationArguments());
			});
	}

	@Test
	void nothingIsCreatedBeforeItIsUsed() {
		this.runner
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("clusterRedisConnectionDetails"));
		this.runner.withClassLoader(new FilteredClassLoader(RedisConnectionFactory.class))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void whoeverUsesItWithoutSpringDataRedisIsTold() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(SharedStateAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader(RedisConnectionFactory.class))
			.withUserConfiguration(Needy.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(NoRedisException.class)
				.hasMessageContaining("class path"));
	}

	@Test
	void whoeverUsesItAlthoughItIsOffIsTold() {
		this.runner.withPropertyValues("cluster.redis.mode=off")
			.withUserConfiguration(Needy.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(NoRedisException.class)
				.hasMessageContaining("cluster.redis.mode"));
	}

	@Test
	void backsOff() {
		SharedState other = mock();
		this.runner.withBean(SharedState.class, () -> other)
			.run((context) -> assertThat(context.getBean(SharedState.class)).isSameAs(other));
	}

	@Configuration(proxyBeanMethods = false)
	static class Needy {

		@Bean
		String user(SharedState state) {
			return state.toString();
		}

	}

}
