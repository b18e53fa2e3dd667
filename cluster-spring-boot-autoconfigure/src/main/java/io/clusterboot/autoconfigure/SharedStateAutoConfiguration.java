package io.clusterboot.autoconfigure;

import java.util.Arrays;
import java.util.Objects;

import io.clusterboot.ClusterProperties;
import io.clusterboot.ClusterProperties.Redis.Mode;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedState;
import io.clusterboot.worker.WorkerAgent;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link SharedState}, in a cluster and
 * without one. Nothing is created before it is used. Where there is no Redis, whoever
 * uses it is told what to do.
 */
@AutoConfiguration(after = EmbeddedRedisAutoConfiguration.class,
		afterName = { "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration",
				"org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration" })
@Lazy
public final class SharedStateAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	SharedState clusterSharedStateWithoutRedis() {
		throw new NoRedisException(
				"Spring Data Redis is not on the class path, or there is no RedisConnectionFactory.");
	}

	private static ClusterProperties properties(Environment environment) {
		return Binder.get(environment).bindOrCreate("cluster", ClusterProperties.class);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(RedisConnectionFactory.class)
	@ConditionalOnBean(RedisConnectionFactory.class)
	@Lazy
	static class RedisSharedStateConfiguration {

		private static final String BOOT = "org.springframework.boot.";

		@Bean
		@ConditionalOnMissingBean(SharedState.class)
		RedisSharedState clusterSharedState(RedisConnectionFactory connections, ObjectProvider<JsonMapper> mapper,
				Environment environment, ConfigurableListableBeanFactory beanFactory) {
			ClusterProperties properties = properties(environment);
			requireRedis(properties.redis().mode(), environment, beanFactory);
			String name = (properties.name() != null) ? properties.name()
					: environment.getProperty("spring.application.name", "application");
			return new RedisSharedState(connections, mapper.getIfAvailable(() -> JsonMapper.builder().build()), name,
					properties.state());
		}

		/**
		 * Where nothing is configured, Spring Boot assumes that there is a Redis at its
		 * usual port. In a cluster one that nobody has asked for is not used.
		 */
		private static void requireRedis(Mode mode, Environment environment,
				ConfigurableListableBeanFactory beanFactory) {
			if (mode == Mode.OFF) {
				throw new NoRedisException("cluster.redis.mode is 'off'.");
			}
			if (mode == Mode.AUTO && WorkerAgent.current() != null
					&& OnEmbeddedRedisCondition.configured(environment) == null
					&& isBoots(RedisConnectionFactory.class, beanFactory)
					&& isBoots("redisConnectionDetails", beanFactory)) {
				throw new NoRedisException(
						"none is configured, and there is no program of a Redis server that runs here.");
			}
		}

		private static boolean isBoots(Class<?> type, ConfigurableListableBeanFactory beanFactory) {
			return Arrays.stream(beanFactory.getBeanNamesForType(type, true, false))
				.allMatch((name) -> isBoots(name, beanFactory));
		}

		private static boolean isBoots(String name, ConfigurableListableBeanFactory beanFactory) {
			return beanFactory.containsBeanDefinition(name)
					&& Objects.requireNonNullElse(beanFactory.getMergedBeanDefinition(name).getFactoryBeanName(), "")
						.startsWith(BOOT);
		}

	}

}
