package io.clusterboot.cache;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.messaging.ClusterMessagingException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;

/**
 * {@link CacheManager} that puts a {@link NearCache} in front of each cache of another
 * one, and tells the other workers of this machine what to forget.
 * <p>
 * Thread-safe.
 */
public final class NearCacheManager implements CacheManager {

	/** What messages about what has changed are about. */
	static final String TOPIC = "io.clusterboot.cache.changed";

	private static final Log logger = LogFactory.getLog(NearCacheManager.class);

	private final CacheManager shared;

	private final ClusterProperties.Cache.Near settings;

	private final ObjectProvider<ClusterMessaging> messaging;

	private final Map<String, NearCache> caches = new ConcurrentHashMap<>();

	/**
	 * Create a manager.
	 * @param shared the other one
	 * @param settings what is kept
	 * @param messaging tells the other workers
	 */
	public NearCacheManager(CacheManager shared, ClusterProperties.Cache.Near settings,
			ObjectProvider<ClusterMessaging> messaging) {
		this.shared = shared;
		this.settings = settings;
		this.messaging = messaging;
	}

	@Override
	public @Nullable Cache getCache(String name) {
		NearCache known = this.caches.get(name);
		if (known != null) {
			return known;
		}
		Cache cache = this.shared.getCache(name);
		return (cache == null) ? null
				: this.caches.computeIfAbsent(name, (key) -> new NearCache(cache, this.settings, new Broadcast()));
	}

	@Override
	public Collection<String> getCacheNames() {
		return this.shared.getCacheNames();
	}

	void changed(Change change) {
		NearCache cache = this.caches.get(change.cache());
		if (cache != null && change.key() != null) {
			cache.forget(change.key());
		}
		else if (cache != null) {
			cache.forgetAll();
		}
	}

	/**
	 * What has changed in a cache.
	 *
	 * @param cache its name
	 * @param key the text of a key, or {@code null} for all of it
	 */
	record Change(String cache, @Nullable String key) {

	}

	/**
	 * Receives what other workers tell.
	 */
	public static final class Listener {

		private final ObjectProvider<NearCacheManager> managers;

		/**
		 * Create a listener.
		 * @param managers the managers that are told
		 */
		public Listener(ObjectProvider<NearCacheManager> managers) {
			this.managers = managers;
		}

		@ClusterMessageListener(topic = TOPIC)
		void changed(Change change) {
			this.managers.forEach((manager) -> manager.changed(change));
		}

	}

	private final class Broadcast implements NearCache.Evictions {

		@Override
		public void evicted(String cache, String key) {
			tell(new Change(cache, key));
		}

		@Override
		public void cleared(String cache) {
			tell(new Change(cache, null));
		}

		/**
		 * Who could not be told keeps what it has until its time is over.
		 */
		private void tell(Change change) {
			try {
				NearCacheManager.this.messaging.getObject().broadcast(TOPIC, change);
			}
			catch (ClusterMessagingException ex) {
				logger.warn("Not all workers know that the cache '%s' has changed, for %d ms: %s".formatted(
						change.cache(), NearCacheManager.this.settings.timeToLive().toMillis(), ex.getMessage()));
			}
		}

	}

}
