package io.clusterboot.state;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.Lock;

import org.springframework.core.ParameterizedTypeReference;

/**
 * State that all workers of an application share, in Redis. What it hands out are views:
 * they are cheap, hold nothing, and whoever asks for the same name sees the same.
 * <p>
 * Names belong to the application: the keys in Redis begin with {@code cluster.name}, or
 * else {@code spring.application.name}, so that applications can share a Redis, and all
 * clusters of one application share their state. The different kinds of things do not
 * share names. Values are JSON, written with the application's own mapper; no value is
 * {@code null}.
 * <p>
 * Every operation fails with {@link SharedStateException} if Redis cannot be reached or
 * does not answer within {@code cluster.state.timeout}. What has been sent to it may have
 * been done all the same; it is not sent twice.
 * <p>
 * Thread-safe, as are the views.
 */
public interface SharedState {

	/**
	 * A counter, which is 0 until it is changed.
	 * @param name its name
	 * @return the counter
	 */
	SharedCounter counter(String name);

	/**
	 * A counter that is 0 again some time after it has first been changed.
	 * @param name its name
	 * @param expiry the time; to call this again with another one has an effect when the
	 * counter is 0 again
	 * @return the counter
	 */
	SharedCounter counter(String name, Duration expiry);

	/**
	 * A value, which may be there or not.
	 * @param <T> its type
	 * @param name its name
	 * @param type its type
	 * @return the value
	 */
	<T> SharedValue<T> value(String name, Class<T> type);

	/**
	 * A value of a generic type.
	 * @param <T> its type
	 * @param name its name
	 * @param type its type
	 * @return the value
	 */
	<T> SharedValue<T> value(String name, ParameterizedTypeReference<T> type);

	/**
	 * A map. What it says of its size, and its iterators, are as of some moment.
	 * @param <T> type of its values
	 * @param name its name
	 * @param type type of its values
	 * @return the map
	 */
	<T> ConcurrentMap<String, T> map(String name, Class<T> type);

	/**
	 * A set. Two elements are equal if their JSON is.
	 * @param <T> type of its elements
	 * @param name its name
	 * @param type type of its elements
	 * @return the set
	 */
	<T> Set<T> set(String name, Class<T> type);

	/**
	 * A queue, first in, first out. An element that has been taken is gone, also if the
	 * worker that took it dies before it does anything with it. To wait for an element
	 * ends when the thread is interrupted.
	 * @param <T> type of its elements
	 * @param name its name
	 * @param type type of its elements
	 * @return the queue
	 */
	<T> BlockingQueue<T> queue(String name, Class<T> type);

	/**
	 * A lock that one thread of all workers can hold, again and again. It is renewed for
	 * as long as its owner lives, and free {@code cluster.state.lock-lease} after a
	 * worker has died that held it. A worker that stands still for longer than that loses
	 * it: then {@link Lock#unlock()} throws a
	 * {@link java.util.ConcurrentModificationException}. Those who wait look again ten
	 * times a second; nobody is preferred. It has no conditions.
	 * @param name its name
	 * @return the lock
	 * @throws IllegalStateException if {@code spring-integration-redis} is not on the
	 * class path
	 */
	Lock lock(String name);

	/**
	 * A limit to how often something is done by all workers together.
	 * @param name its name
	 * @param permits how often in any window, 1 or more; each costs Redis about 100 bytes
	 * @param window length of a window
	 * @return the limit
	 */
	RateLimiter rateLimiter(String name, int permits, Duration window);

	/**
	 * Stand for election. Of all workers that do, on whatever machine, one is elected,
	 * until it closes the candidacy, dies, or cannot reach Redis for longer than
	 * {@code cluster.state.lock-lease}; then another one is.
	 * @param role what is to be led
	 * @return the candidacy, to be closed
	 * @throws IllegalStateException if {@code spring-integration-redis} is not on the
	 * class path
	 */
	Candidacy candidate(String role);

}
