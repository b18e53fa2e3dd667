package io.clusterboot.state;

/**
 * A whole number that workers count with. Each operation is atomic.
 * <p>
 * Thread-safe.
 */
public interface SharedCounter {

	/**
	 * Add one.
	 * @return the new number
	 */
	default long increment() {
		return add(1);
	}

	/**
	 * Add a number.
	 * @param delta the number, which may be negative
	 * @return the new number
	 */
	long add(long delta);

	/**
	 * The number.
	 * @return it, 0 if nobody has counted yet
	 */
	long get();

	/**
	 * Begin with 0 again.
	 * @return the number before
	 */
	long reset();

}
