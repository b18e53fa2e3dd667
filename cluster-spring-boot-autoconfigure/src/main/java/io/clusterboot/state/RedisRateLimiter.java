package io.clusterboot.state;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

import org.springframework.data.redis.core.script.DefaultRedisScript;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.util.Assert;

/**
 * A rate limit in Redis: the times of the permits of the last window.
 */
final class RedisRateLimiter implements RateLimiter {

	/**
	 * Gets the number of permits, the window in microseconds, and a name that no other
	 * permit has. Returns how many permits are left, or less than 0: the milliseconds
	 * until there is one.
	 */
	private static final RedisScript<Long> ACQUIRE = new DefaultRedisScript<>("""
			local time = redis.call('TIME')
			local now = time[1] * 1000000 + time[2]
			local permits = tonumber(ARGV[1])
			local window = tonumber(ARGV[2])
			redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
			local used = redis.call('ZCARD', KEYS[1])
			if used < permits then
				redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
				redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
				return permits - used - 1
			end
			local oldest = redis.call('ZRANGE', KEYS[1], used - permits, used - permits, 'WITHSCORES')
			return -math.max(1, math.ceil((oldest[2] + window - now) / 1000))
			""", Long.class);

	private final StateTemplate<String> template;

	private final String key;

	private final int permits;

	private final Duration window;

	RedisRateLimiter(StateTemplate<String> template, String key, int permits, Duration window) {
		Assert.isTrue(permits >= 1, "'permits' must be 1 or more");
		Assert.isTrue(window.compareTo(Duration.ofMillis(1)) >= 0, "'window' must be 1 ms or more");
		this.template = template;
		this.key = key;
		this.permits = permits;
		this.window = window;
	}

	@Override
	public Decision tryAcquire() {
		long left = Objects
			.requireNonNull(this.template.execute(ACQUIRE, List.of(this.key), Integer.toString(this.permits),
					Long.toString(this.window.toNanos() / 1000), UUID.randomUUID().toString()));
		return (left >= 0) ? new Decision(true, left, Duration.ZERO) : new Decision(false, 0, Duration.ofMillis(-left));
	}

}
