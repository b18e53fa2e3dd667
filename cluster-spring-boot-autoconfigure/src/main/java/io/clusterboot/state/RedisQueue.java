package io.clusterboot.state;

import java.time.Duration;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.core.BoundListOperations;
import org.springframework.data.redis.support.collections.DefaultRedisList;

/**
 * A queue in Redis. Redis holds back its answer while a queue is empty, on a connection
 * that is for nothing else: others have to answer at once. It counts whole seconds.
 *
 * @param <T> type of the elements
 */
final class RedisQueue<T> extends DefaultRedisList<T> {

	/** Longest time for which Redis holds back an answer. */
	static final Duration SLICE = Duration.ofSeconds(5);

	private static final Duration PAUSE = Duration.ofMillis(20);

	private final Supplier<BoundListOperations<String, T>> blocking;

	RedisQueue(BoundListOperations<String, T> operations, Supplier<BoundListOperations<String, T>> blocking) {
		super(operations);
		this.blocking = blocking;
	}

	/**
	 * Not one that knows the size, as in {@link SharedSet}.
	 */
	@Override
	public Spliterator<T> spliterator() {
		return Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED);
	}

	@Override
	public T take() throws InterruptedException {
		T element;
		do {
			element = poll(SLICE.toSeconds(), TimeUnit.SECONDS);
		}
		while (element == null);
		return element;
	}

	@Override
	public @Nullable T poll(long timeout, TimeUnit unit) throws InterruptedException {
		long start = System.nanoTime();
		T element = poll();
		while (element == null) {
			Duration left = Duration.ofNanos(unit.toNanos(timeout) - (System.nanoTime() - start));
			if (left.isNegative() || left.isZero()) {
				return null;
			}
			element = (left.toSeconds() > 0) ? await(left) : pollAfter(left);
		}
		return element;
	}

	private @Nullable T await(Duration left) throws InterruptedException {
		try {
			return this.blocking.get().leftPop(Duration.ofSeconds(Math.min(left.toSeconds(), SLICE.toSeconds())));
		}
		catch (RuntimeException ex) {
			if (Thread.interrupted()) {
				throw new InterruptedException();
			}
			throw ex;
		}
	}

	private @Nullable T pollAfter(Duration left) throws InterruptedException {
		Thread.sleep(Math.min(left.toMillis() + 1, PAUSE.toMillis()));
		return poll();
	}

	// the collections of Spring Data are equal if their keys are

	@Override
	public boolean equals(@Nullable Object other) {
		return super.equals(other);
	}

	@Override
	public int hashCode() {
		return super.hashCode();
	}

}
