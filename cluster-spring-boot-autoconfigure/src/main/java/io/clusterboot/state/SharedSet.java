package io.clusterboot.state;

import java.util.Spliterator;
import java.util.Spliterators;

import org.springframework.data.redis.core.RedisOperations;
import org.springframework.data.redis.support.collections.DefaultRedisSet;

/**
 * A set of Redis, whose streams show what is in it when they begin.
 *
 * @param <T> type of its elements
 */
final class SharedSet<T> extends DefaultRedisSet<T> {

	SharedSet(String key, RedisOperations<String, T> operations) {
		super(key, operations);
	}

	/**
	 * Not one that knows the size. It would ask for that after the elements, and streams
	 * fail if the two do not agree, since somebody has added or removed one in between.
	 */
	@Override
	public Spliterator<T> spliterator() {
		return Spliterators.spliteratorUnknownSize(iterator(), Spliterator.DISTINCT);
	}

}
