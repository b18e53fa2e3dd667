package io.clusterboot.cache;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.clusterboot.ClusterProperties;
import io.clusterboot.autoconfigure.ClusterMessagingAutoConfiguration;
import io.clusterboot.autoconfigure.NearCacheAutoConfiguration;
import io.clusterboot.cache.NearCacheManager.Change;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.redis.TestConnections;
import io.clusterboot.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.interceptor.SimpleKey;
import org.springframework.data.redis.cache.RedisCacheManager;
import org.springframework.data.redis.cache.RedisCacheWriter;
import org.springframework.data.redis.cache.RedisCacheWriter.RedisCacheWriterConfigurer;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link NearCache} with a real Redis, and for caches in Redis at all. The two
 * workers of a test are two managers that are told of each other's changes.
 */
@DisabledOnOs(OS.WINDOWS)
class NearCacheTests {

	private static final ClusterProperties.Cache.Near SETTINGS = new ClusterProperties.Cache.Near(true, 100,
			Duration.ofMinutes(1));

	private static TestRedis redis;

	private static LettuceConnectionFactory connections;

	private NearCacheManager one;

	private NearCacheManager another;

	@BeforeAll
	static void start() {
		redis = TestRedis.start(Duration.ZERO);
		connections = TestConnections.to(redis);
	}

	@AfterAll
	static void stop() {
		if (redis != null) {
			connections.destroy();
			redis.close();
		}
	}

	@BeforeEach
	void create() {
		deleteAll();
		this.one = manager(SETTINGS, (change) -> this.another.changed(change));
		this.another = manager(SETTINGS, (change) -> this.one.changed(change));
	}

	private static void deleteAll() {
		StringRedisTemplate template = new StringRedisTemplate(connections);
		template.delete(template.keys("*"));
	}

	private static NearCacheManager manager(ClusterProperties.Cache.Near settings, Consumer<Change> others) {
		ClusterMessaging messaging = mock();
		willAnswer((call) -> {
			others.accept(call.getArgument(1));
			return null;
		}).given(messaging).broadcast(eq(NearCacheManager.TOPIC), any());
		StaticListableBeanFactory beans = new StaticListableBeanFactory();
		beans.addBean("messaging", messaging);
		return new NearCacheManager(RedisCacheManager
			.builder(RedisCacheWriter.create(connections, RedisCacheWriterConfigurer::immediateWrites))
			.build(), settings, beans.getBeanProvider(ClusterMessaging.class));
	}

	private static Cache prices(NearCacheManager manager) {
		return Objects.requireNonNull(manager.getCache("prices"));
	}

	@Test
	void whatHasBeenReadIsKept() {
		prices(this.one).put("tea", 3);
		assertThat(prices(this.another).get("tea", Integer.class)).isEqualTo(3);
		deleteAll();
		assertThat(prices(this.another).get("tea", Integer.class)).isEqualTo(3);
		assertThat(prices(this.one).get("tea")).as("what has only been written").isNull();
	}

	@Test
	void whatOneChangesTheOthersForget() {
		for (Object key : List.of("tea", 7, new SimpleKey("a", 1), List.of("x", "y"))) {
			prices(this.one).put(key, 3);
			assertThat(prices(this.another).get(key, Integer.class)).isEqualTo(3);
			prices(this.one).put(key, 4);
			assertThat(prices(this.another).get(key, Integer.class)).as("%s", key).isEqualTo(4);
			prices(this.one).evict(key);
			assertThat(prices(this.another).get(key)).as("%s", key).isNull();
			assertThat(prices(this.another).putIfAbsent(key, 5)).isNull();
			assertThat(prices(this.one).get(key, Integer.class)).isEqualTo(5);
			prices(this.another).clear();
			assertThat(prices(this.one).get(key)).as("%s", key).isNull();
		}
	}

	@Test
	void whatIsForgottenWhileItIsReadIsNotKept() {
		Cache cache = mock();
		willAnswer((call) -> "prices").given(cache).getName();
		NearCache near = new NearCache(cache, SETTINGS, mock());
		AtomicInteger reads = new AtomicInteger();
		willAnswer((call) -> {
			near.forget("tea");
			return (Cache.ValueWrapper) reads::incrementAndGet;
		}).given(cache).get("tea");
		near.get("tea");
		near.get("tea");
		verify(cache, times(2)).get("tea");
	}

	@Test
	void whatIsLoadedIsShared() {
		AtomicInteger loads = new AtomicInteger();
		assertThat(prices(this.one).get("tea", loads::incrementAndGet)).isEqualTo(1);
		assertThat(prices(this.another).get("tea", loads::incrementAndGet)).isEqualTo(1);
		assertThat(this.one.getCacheNames()).containsExactly("prices");
	}

	@Test
	void nothingIsKeptForEver() {
		NearCacheManager brief = manager(new ClusterProperties.Cache.Near(true, 100, Duration.ofMillis(50)),
				(change) -> {
				});
		prices(this.one).put("tea", 3);
		assertThat(prices(brief).get("tea", Integer.class)).isEqualTo(3);
		deleteAll();
		await().atMost(Duration.ofMinutes(3)).until(() -> prices(brief).get("tea") == null);
	}

	@Test
	void cacheableMethodsUseRedisWithoutConfiguration() {
		ApplicationContextRunner runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CacheAutoConfiguration.class, DataRedisAutoConfiguration.class,
					ClusterMessagingAutoConfiguration.class, NearCacheAutoConfiguration.class))
			.withUserConfiguration(Caching.class)
			.withPropertyValues(TestConnections.properties(redis));
		runner.run((context) -> {
			assertThat(context).hasSingleBean(CacheManager.class).hasSingleBean(RedisCacheManager.class);
			assertThat(context.getBean(Caching.class).square(3)).isEqualTo(9);
		});
		runner.withPropertyValues("cluster.cache.near.enabled=true").run((context) -> {
			assertThat(context.getBean(CacheManager.class)).isInstanceOf(NearCacheManager.class);
			Caching caching = context.getBean(Caching.class);
			assertThat(caching.square(3)).isEqualTo(9);
			assertThat(caching.computed()).as("known from the former").isZero();
			deleteAll();
			assertThat(caching.square(3)).isEqualTo(9);
			assertThat(caching.computed()).as("kept").isZero();
		});
	}

	/**
	 * Something to cache.
	 */
	@EnableCaching(proxyTargetClass = true)
	static class Caching {

		private final AtomicInteger computed = new AtomicInteger();

		@Cacheable("squares")
		public int square(int number) {
			this.computed.incrementAndGet();
			return number * number;
		}

		public int computed() {
			return this.computed.get();
		}

	}

}
