package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.ClusterProperties.Redis.Mode;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedState;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;

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

	private static final String SHARED_STATE = "clusterSharedState";

	@Bean
	@ConditionalOnMissingBean
	SharedState clusterSharedStateWithoutRedis(Environment environment, BeanFactory beanFactory) {
		if (OnEmbeddedRedisCondition.mode(environment) == Mode.OFF) {
			throw new NoRedisException("cluster.redis.mode is 'off'.");
		}
		if (!beanFactory.containsBean("redisConnectionFactory")) {
			throw new NoRedisException("spring-boot-data-redis is not on the class path.");
		}
		throw new NoRedisException("none is configured, and the cluster can run none: there is no program of a Redis "
				+ "server that runs here, or the application does not use Lettuce.");
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ RedisConnectionFactory.class, DataRedisConnectionDetails.class })
	@ConditionalOnBean(RedisConnectionFactory.class)
	@Conditional(OnRedisCondition.class)
	@Lazy
	static class RedisConfiguration {

		@Bean(SHARED_STATE)
		@ConditionalOnMissingBean(SharedState.class)
		RedisSharedState clusterSharedState(RedisConnectionFactory connections,
				ObjectProvider<DataRedisConnectionDetails> details,
				ObjectProvider<RedisStaticMasterReplicaConfiguration> masterReplica, ObjectProvider<JsonMapper> mapper,
				Environment environment) {
			ClusterProperties properties = Binder.get(environment).bindOrCreate("cluster", ClusterProperties.class);
			boolean listed = masterReplica.stream().findAny().isPresent()
					|| details.stream().anyMatch((source) -> source.getMasterReplica() != null);
			return new RedisSharedState(connections, listed, mapper.getIfAvailable(() -> JsonMapper.builder().build()),
					properties.nameOr(environment.getProperty("spring.application.name")), properties.state());
		}

		/**
		 * A worker is ready when the runners have run. Whatever has shared state by then
		 * may use it for the first request.
		 */
		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		ApplicationRunner clusterSharedStateRunner(ConfigurableListableBeanFactory beans) {
			return (arguments) -> {
				if (beans.containsSingleton(SHARED_STATE)) {
					beans.getBean(SHARED_STATE, RedisSharedState.class).awaitPrepared();
				}
			};
		}

	}

}
