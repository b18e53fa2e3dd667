package io.clusterboot.autoconfigure;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.clusterboot.ClusterProperties;
import io.clusterboot.cache.NearCacheManager;
import io.clusterboot.messaging.ClusterMessaging;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.cache.autoconfigure.RedisCacheManagerBuilderCustomizer;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.cache.RedisCacheManager;
import org.springframework.data.redis.cache.RedisCacheWriter;
import org.springframework.data.redis.cache.RedisCacheWriter.RedisCacheWriterConfigurer;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * {@link AutoConfiguration Auto-configuration} for near caches in front of those in
 * Redis.
 */
@AutoConfiguration(after = ClusterMessagingAutoConfiguration.class,
		afterName = "org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration")
@ConditionalOnProperty("cluster.cache.near.enabled")
@ConditionalOnClass({ RedisCacheManager.class, RedisCacheManagerBuilderCustomizer.class, Caffeine.class })
@ConditionalOnBean(RedisCacheManager.class)
public final class NearCacheAutoConfiguration {

	/**
	 * By default a cache may return before Redis has been told. Others would be told
	 * earlier, read what was there before, and keep it.
	 */
	@Bean
	RedisCacheManagerBuilderCustomizer clusterImmediateCacheWrites(RedisConnectionFactory connections) {
		return (builder) -> builder
			.cacheWriter(RedisCacheWriter.create(connections, RedisCacheWriterConfigurer::immediateWrites));
	}

	@Bean
	@Primary
	NearCacheManager clusterNearCacheManager(RedisCacheManager shared, ObjectProvider<ClusterMessaging> messaging,
			Environment environment) {
		ClusterProperties properties = Binder.get(environment).bindOrCreate("cluster", ClusterProperties.class);
		return new NearCacheManager(shared, properties.cache().near(), messaging);
	}

	@Bean
	NearCacheManager.Listener clusterNearCacheListener(ObjectProvider<NearCacheManager> managers) {
		return new NearCacheManager.Listener(managers);
	}

}
