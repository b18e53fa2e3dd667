package io.clusterboot.state;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * A counter in Redis. Its key is not there while it is 0 for want of a change.
 */
final class RedisCounter implements SharedCounter {

	private static final RedisScript<Long> ADD_AND_EXPIRE = new DefaultRedisScript<>("""
			local exists = redis.call('EXISTS', KEYS[1])
			local number = redis.call('INCRBY', KEYS[1], ARGV[1])
			if exists == 0 then
				redis.call('PEXPIRE', KEYS[1], ARGV[2])
			end
			return number
			""", Long.class);

	private final StateTemplate<String> template;

	private final String key;

	private final @Nullable Duration expiry;

	RedisCounter(StateTemplate<String> template, String key, @Nullable Duration expiry) {
		this.template = template;
		this.key = key;
		this.expiry = expiry;
	}

	@Override
	public long add(long delta) {
		Long number = (this.expiry != null) ? this.template.execute(ADD_AND_EXPIRE, List.of(this.key),
				Long.toString(delta), Long.toString(this.expiry.toMillis()))
				: this.template.opsForValue().increment(this.key, delta);
		return Objects.requireNonNull(number);
	}

	@Override
	public long get() {
		return number(this.template.opsForValue().get(this.key));
	}

	@Override
	public long reset() {
		return number(this.template.opsForValue().getAndDelete(this.key));
	}

	private static long number(@Nullable String text) {
		return (text != null) ? Long.parseLong(text) : 0;
	}

}
