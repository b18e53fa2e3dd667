package io.clusterboot.advice;

import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.concurrent.ConcurrentMapCache;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.cache.support.NoOpCacheManager;
import org.springframework.cache.support.SimpleCacheManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CacheAdvisor}.
 */
class CacheAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withBean(ExistingBeans.class)
		.withBean(CacheAdvisor.class);

	@Test
	void managerOfMaps() {
		this.runner.withBean("books", ConcurrentMapCacheManager.class, () -> new ConcurrentMapCacheManager())
			.run((context) -> assertThat(context.getBean(CacheAdvisor.class).advise()).contains("(books)", "Redis"));
	}

	@Test
	void mapsOfAnotherManager() {
		this.runner.withBean("mixed", SimpleCacheManager.class, () -> {
			SimpleCacheManager manager = new SimpleCacheManager();
			manager.setCaches(List.of(new ConcurrentMapCache("books")));
			return manager;
		}).run((context) -> assertThat(context.getBean(CacheAdvisor.class).advise()).contains("(mixed)"));
	}

	@Test
	void anotherManager() {
		this.runner.withBean(NoOpCacheManager.class)
			.run((context) -> assertThat(context.getBean(CacheAdvisor.class).advise()).isNull());
	}

	@Test
	void managerThatHasNotBeenCreatedIsNotCreatedForThis() {
		this.runner
			.withBean(ConcurrentMapCacheManager.class, () -> new ConcurrentMapCacheManager(),
					(definition) -> definition.setLazyInit(true))
			.run((context) -> {
				assertThat(context.getBean(CacheAdvisor.class).advise()).isNull();
				assertThat(context.getBeanFactory()
					.containsSingleton(context.getBeanNamesForType(ConcurrentMapCacheManager.class, true, false)[0]))
					.isFalse();
			});
	}

}
