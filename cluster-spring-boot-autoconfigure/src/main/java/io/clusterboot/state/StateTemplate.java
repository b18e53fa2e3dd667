package io.clusterboot.state;

import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.RedisTemplate;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * A template that says in one way that Redis cannot be reached. Whatever is built on it
 * does, too.
 *
 * @param <V> type of the values
 */
final class StateTemplate<V> extends RedisTemplate<String, V> {

	private static final Pattern ERROR = Pattern.compile("[A-Z]{2,}\\b");

	private static final Set<String> NOT_READY = Set.of("LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY");

	private final Duration timeout;

	StateTemplate(RedisConnectionFactory connectionFactory, RedisSerializer<V> values, Duration timeout) {
		this.timeout = timeout;
		setConnectionFactory(connectionFactory);
		setKeySerializer(RedisSerializer.string());
		setHashKeySerializer(RedisSerializer.string());
		setValueSerializer(values);
		setHashValueSerializer(values);
		afterPropertiesSet();
	}

	@Override
	public <T extends @Nullable Object> T execute(RedisCallback<T> action, boolean exposeConnection, boolean pipeline) {
		return translate(this.timeout, () -> super.execute(action, exposeConnection, pipeline));
	}

	/**
	 * Do something with Redis.
	 */
	static <T extends @Nullable Object> T translate(Duration timeout, Supplier<T> action) {
		try {
			return action.get();
		}
		catch (DataAccessResourceFailureException | QueryTimeoutException | CannotAcquireLockException
				| RedisListenerExecutionFailedException | RedisSystemException ex) {
			if (isRefusal((ex instanceof CannotAcquireLockException) ? ex.getCause() : ex)) {
				throw ex;
			}
			throw new SharedStateException(
					"Redis is not reachable, or has not answered within cluster.state.timeout (%d ms)"
						.formatted(timeout.toMillis()),
					ex);
		}
	}

	/**
	 * Redis has answered, with an error, and not with one that says that it is not ready.
	 * Its errors begin with a word in capitals, unlike what clients say.
	 */
	private static boolean isRefusal(@Nullable Throwable failure) {
		if (!(failure instanceof RedisSystemException answer)) {
			return false;
		}
		Matcher error = ERROR.matcher(String.valueOf(answer.getMostSpecificCause().getMessage()));
		return error.lookingAt() && !NOT_READY.contains(error.group());
	}

}
