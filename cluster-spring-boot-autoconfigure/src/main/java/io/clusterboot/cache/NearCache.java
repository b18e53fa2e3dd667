package io.clusterboot.cache;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.clusterboot.ClusterProperties;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.cache.Cache;
import org.springframework.cache.interceptor.SimpleKey;

/**
 * A cache in front of another one. What is changed here is changed there first; then all
 * workers forget it.
 * <p>
 * Thread-safe.
 */
final class NearCache implements Cache {

	private final Cache shared;

	private final com.github.benmanes.caffeine.cache.Cache<Object, ValueWrapper> kept;

	private final Evictions evictions;

	/** Counts what has been forgotten. */
	private final AtomicLong forgotten = new AtomicLong();

	NearCache(Cache shared, ClusterProperties.Cache.Near settings, Evictions evictions) {
		this.shared = shared;
		this.evictions = evictions;
		this.kept = Caffeine.newBuilder()
			.maximumSize(settings.maxEntries())
			.expireAfterWrite(settings.timeToLive())
			.build();
	}

	@Override
	public String getName() {
		return this.shared.getName();
	}

	@Override
	public Object getNativeCache() {
		return this.shared.getNativeCache();
	}

	@Override
	public @Nullable ValueWrapper get(Object key) {
		ValueWrapper here = this.kept.getIfPresent(keptAs(key));
		return (here != null) ? here : keep(key, () -> this.shared.get(key));
	}

	@Override
	@SuppressWarnings("unchecked")
	public <T> @Nullable T get(Object key, @Nullable Class<T> type) {
		ValueWrapper wrapper = get(key);
		Object value = (wrapper != null) ? wrapper.get() : null;
		if (value != null && type != null && !type.isInstance(value)) {
			throw new IllegalStateException("The cached value is not a %s: %s".formatted(type.getName(), value));
		}
		return (T) value;
	}

	@Override
	@SuppressWarnings("unchecked")
	public <T> @Nullable T get(Object key, Callable<T> loader) {
		ValueWrapper here = get(key);
		// the other cache has one thread of this process load it
		return (here != null) ? (T) here.get() : this.shared.get(key, loader);
	}

	@Override
	public void put(Object key, @Nullable Object value) {
		this.shared.put(key, value);
		changed(key);
	}

	@Override
	public @Nullable ValueWrapper putIfAbsent(Object key, @Nullable Object value) {
		ValueWrapper before = this.shared.putIfAbsent(key, value);
		if (before == null) {
			changed(key);
		}
		return before;
	}

	@Override
	public void evict(Object key) {
		this.shared.evict(key);
		changed(key);
	}

	@Override
	public boolean evictIfPresent(Object key) {
		boolean present = this.shared.evictIfPresent(key);
		changed(key);
		return present;
	}

	@Override
	public void clear() {
		// others are to find nothing any more when they are told
		invalidate();
	}

	@Override
	public boolean invalidate() {
		boolean present = this.shared.invalidate();
		forgetAll();
		this.evictions.cleared(getName());
		return present;
	}

	/**
	 * What has been read is not kept if anything has been forgotten in the meantime: it
	 * may be just that.
	 */
	private @Nullable ValueWrapper keep(Object key, Supplier<@Nullable ValueWrapper> read) {
		long before = this.forgotten.get();
		ValueWrapper wrapper = read.get();
		if (wrapper != null) {
			this.kept.put(keptAs(key), wrapper);
			if (this.forgotten.get() != before) {
				this.kept.invalidate(keptAs(key));
			}
		}
		return wrapper;
	}

	private void changed(Object key) {
		if (keptAs(key) instanceof String name) {
			forget(name);
			this.evictions.evicted(getName(), name);
		}
		else {
			forgetAll();
			this.evictions.cleared(getName());
		}
	}

	/**
	 * A text, if a key is the same as another one if its text is, as in Redis: it can be
	 * told to others.
	 */
	private static Object keptAs(Object key) {
		boolean nameable = key instanceof SimpleKey || BeanUtils.isSimpleValueType(key.getClass());
		return nameable ? key.toString() : key;
	}

	/**
	 * Keep an entry no longer.
	 * @param name the text of its key
	 */
	void forget(String name) {
		this.forgotten.incrementAndGet();
		this.kept.invalidate(name);
	}

	/**
	 * Keep nothing of what there is now.
	 */
	void forgetAll() {
		this.forgotten.incrementAndGet();
		this.kept.invalidateAll();
	}

	/**
	 * Tells the other workers.
	 */
	interface Evictions {

		void evicted(String cache, String key);

		void cleared(String cache);

	}

}
