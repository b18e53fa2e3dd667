package io.clusterboot.state;

import java.time.Duration;

/**
 * Permits to do something, of which there are never more than a number in any window of
 * time. The time is that of Redis.
 * <p>
 * Thread-safe.
 */
public interface RateLimiter {

	/**
	 * Ask for a permit.
	 * @return what is decided, at once
	 */
	Decision tryAcquire();

	/**
	 * What is decided.
	 *
	 * @param permitted whether there is a permit
	 * @param remaining number of permits that are left at this moment
	 * @param retryAfter time until there is another one; zero if there is one
	 */
	record Decision(boolean permitted, long remaining, Duration retryAfter) {

	}

}
