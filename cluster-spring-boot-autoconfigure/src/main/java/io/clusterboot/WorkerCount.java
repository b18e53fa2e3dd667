package io.clusterboot;

import java.util.Locale;

/**
 * How many workers a cluster runs: a number, or {@code auto} for one per processor that
 * is available to the JVM, which respects the limits of a container.
 *
 * @param requested the number asked for, or 0 for {@code auto}
 */
public record WorkerCount(int requested) {

	/**
	 * One worker per available processor.
	 */
	public static final WorkerCount AUTO = new WorkerCount(0);

	/**
	 * Read a count from a property's value.
	 * @param value {@code auto} or a whole number from 1
	 * @return the count
	 * @throws IllegalArgumentException if the value is neither
	 */
	public static WorkerCount valueOf(String value) {
		String trimmed = value.trim();
		if ("auto".equals(trimmed.toLowerCase(Locale.ROOT))) {
			return AUTO;
		}
		try {
			int number = Integer.parseInt(trimmed);
			if (number >= 1) {
				return new WorkerCount(number);
			}
		}
		catch (NumberFormatException ex) {
			// answered below, like a number that is too small
		}
		throw new IllegalArgumentException(
				"'%s' is not a number of workers: use 'auto' or a whole number from 1".formatted(value));
	}

	/**
	 * The number of workers on this machine.
	 * @return the number asked for, or the available processors for {@code auto}
	 */
	public int resolve() {
		return (this.requested > 0) ? this.requested : Runtime.getRuntime().availableProcessors();
	}

	@Override
	public String toString() {
		return (this.requested > 0) ? Integer.toString(this.requested) : "auto";
	}

}
