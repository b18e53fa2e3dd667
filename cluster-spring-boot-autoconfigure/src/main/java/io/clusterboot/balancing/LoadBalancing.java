package io.clusterboot.balancing;

import java.util.random.RandomGenerator;

import org.springframework.util.ClassUtils;

/**
 * The values of {@code cluster.load-balancing}.
 */
public final class LoadBalancing {

	/** Each worker accepts for itself. */
	public static final String KERNEL = "kernel";

	private LoadBalancing() {
	}

	/**
	 * Create the selector that a value names.
	 * @param value the value, which is not {@link #KERNEL}
	 * @return the selector
	 * @throws UnknownStrategyException if it names none
	 */
	public static WorkerSelector selector(String value) {
		return switch (value) {
			case "round-robin" -> new RoundRobinSelector();
			case "least-connections" -> new LeastConnectionsSelector(RandomGenerator.getDefault());
			case "least-load" -> new LeastLoadSelector();
			case "ip-hash" -> new IpHashSelector();
			default -> custom(value);
		};
	}

	private static WorkerSelector custom(String className) {
		try {
			Class<?> type = ClassUtils.forName(className, null);
			return (WorkerSelector) type.getDeclaredConstructor().newInstance();
		}
		catch (ReflectiveOperationException | ClassCastException | LinkageError ex) {
			throw new UnknownStrategyException(
					"cluster.load-balancing must be kernel, round-robin, least-connections, least-load, ip-hash or the "
							+ "name of a class that implements %s and has a public constructor without parameters, but is '%s': %s"
								.formatted(WorkerSelector.class.getName(), className, ex),
					ex);
		}
	}

	/**
	 * The selector that takes over from one that fails.
	 * @return one worker after the other
	 */
	public static WorkerSelector fallback() {
		return new RoundRobinSelector();
	}

}
