package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.clusterboot.ClusterProperties;
import io.clusterboot.worker.WorkerAgent;
import io.lettuce.core.RedisClient;
import io.lettuce.core.resource.Delay;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * {@link AutoConfiguration Auto-configuration} for the Redis that the cluster runs where
 * the application configures none. All that uses Spring Data Redis uses it.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class, before = DataRedisAutoConfiguration.class)
@ConditionalOnWorker
@ConditionalOnClass(DataRedisConnectionDetails.class)
@ConditionalOnMissingBean({ DataRedisConnectionDetails.class, RedisConnectionFactory.class, RedisConfiguration.class })
@Conditional(OnEmbeddedRedisCondition.class)
public final class EmbeddedRedisAutoConfiguration {

	@Bean
	EmbeddedRedisConnectionDetails clusterRedisConnectionDetails(WorkerAgent agent, Environment environment) {
		try {
			return EmbeddedRedisConnectionDetails.of(agent, environment);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The cluster's Redis cannot be used: " + ex.getMessage(), ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(RedisClient.class)
	static class LettuceConfiguration {

		@Bean
		static EmbeddedRedisConnections clusterRedisConnections(
				ObjectProvider<EmbeddedRedisConnectionDetails> details) {
			return new EmbeddedRedisConnections(details);
		}

		/**
		 * It is on this machine: what takes as long as others allow by default is down.
		 */
		@Bean
		LettuceClientConfigurationBuilderCustomizer clusterRedisTimeout(ClusterProperties properties) {
			return (builder) -> builder.commandTimeout(properties.state().timeout());
		}

		/**
		 * By default a client may wait for half a minute before it looks again.
		 */
		@Bean
		ClientResourcesBuilderCustomizer clusterRedisReconnectDelay(ClusterProperties properties) {
			Duration most = properties.state().timeout();
			return (builder) -> builder
				.reconnectDelay(Delay.exponential(Duration.ofMillis(1), most, 2, TimeUnit.MILLISECONDS));
		}

	}

}
