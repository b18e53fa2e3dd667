package io.clusterboot.advice;

import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

import org.springframework.cache.CacheManager;
import org.springframework.cache.concurrent.ConcurrentMapCache;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;

/**
 * Caches in the heap that are never told what other workers have changed.
 */
public final class CacheAdvisor implements Advisor {

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public CacheAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.CACHE;
	}

	@Override
	public @Nullable String advise() {
		List<String> managers = this.beans.ofType(CacheManager.class)
			.entrySet()
			.stream()
			.filter((manager) -> isInHeap(manager.getValue()))
			.map(Map.Entry::getKey)
			.toList();
		return managers.isEmpty() ? null
				: ("each worker has caches of its own, and goes on serving what another has changed or evicted (%s)."
						+ " Use caches that workers share, as those of Redis")
					.formatted(Names.some(managers));
	}

	private static boolean isInHeap(CacheManager manager) {
		return manager instanceof ConcurrentMapCacheManager || manager.getCacheNames()
			.stream()
			.map(manager::getCache)
			.anyMatch(ConcurrentMapCache.class::isInstance);
	}

}
