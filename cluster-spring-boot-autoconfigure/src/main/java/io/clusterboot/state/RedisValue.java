package io.clusterboot.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * A value in Redis, as JSON.
 *
 * @param <T> type of the value
 */
final class RedisValue<T> implements SharedValue<T> {

	/** No JSON text is empty, so that is what stands for no value. */
	private static final String NONE = "";

	private static final RedisScript<Boolean> COMPARE_AND_SET = new DefaultRedisScript<>("""
			local current = redis.call('GET', KEYS[1]) or ''
			if current ~= ARGV[1] then
				return false
			end
			if ARGV[2] == '' then
				redis.call('DEL', KEYS[1])
			else
				redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
			end
			return true
			""", Boolean.class);

	private final StateTemplate<String> template;

	private final RedisSerializer<T> json;

	private final String key;

	RedisValue(StateTemplate<String> template, RedisSerializer<T> json, String key) {
		this.template = template;
		this.json = json;
		this.key = key;
	}

	@Override
	public @Nullable T get() {
		String text = this.template.opsForValue().get(this.key);
		return (text != null) ? this.json.deserialize(text.getBytes(StandardCharsets.UTF_8)) : null;
	}

	@Override
	public void set(@Nullable T value) {
		if (value == null) {
			this.template.delete(this.key);
		}
		else {
			this.template.opsForValue().set(this.key, text(value));
		}
	}

	@Override
	public void set(T value, Duration expiry) {
		this.template.opsForValue().set(this.key, text(value), expiry);
	}

	@Override
	public boolean compareAndSet(@Nullable T expected, @Nullable T value) {
		return Boolean.TRUE
			.equals(this.template.execute(COMPARE_AND_SET, List.of(this.key), text(expected), text(value)));
	}

	@Override
	public boolean expire(Duration expiry) {
		return Boolean.TRUE.equals(this.template.expire(this.key, expiry));
	}

	private String text(@Nullable T value) {
		byte[] bytes = (value != null) ? this.json.serialize(value) : null;
		return (bytes != null) ? new String(bytes, StandardCharsets.UTF_8) : NONE;
	}

}
