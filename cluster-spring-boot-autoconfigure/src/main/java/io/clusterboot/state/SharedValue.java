package io.clusterboot.state;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * A value that workers share. Each operation is atomic.
 * <p>
 * Thread-safe.
 *
 * @param <T> type of the value
 */
public interface SharedValue<T> {

	/**
	 * The value.
	 * @return it, or {@code null} if there is none
	 */
	@Nullable T get();

	/**
	 * Set the value, for as long as nobody changes it.
	 * @param value the value, or {@code null} for none
	 */
	void set(@Nullable T value);

	/**
	 * Set the value for some time.
	 * @param value the value
	 * @param expiry the time
	 */
	void set(T value, Duration expiry);

	/**
	 * Set the value if it is as expected, which is compared as JSON. When it expires does
	 * not change.
	 * @param expected the value that there has to be, or {@code null} for none
	 * @param value the new value, or {@code null} for none
	 * @return whether it was as expected
	 */
	boolean compareAndSet(@Nullable T expected, @Nullable T value);

	/**
	 * Keep the value for some time from now.
	 * @param expiry the time
	 * @return whether there is a value
	 */
	boolean expire(Duration expiry);

}
