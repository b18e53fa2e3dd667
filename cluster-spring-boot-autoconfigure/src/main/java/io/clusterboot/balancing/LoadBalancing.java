package io.clusterboot.balancing;

import java.io.IOException;
import java.util.Properties;
import java.util.random.RandomGenerator;

import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.util.ClassUtils;

/**
 * The values of {@code cluster.load-balancing}.
 */
public final class LoadBalancing {

	/** Each worker accepts for itself. */
	private static final String KERNEL = "kernel";

	private LoadBalancing() {
	}

	/**
	 * Whether the primary accepts connections and passes them on.
	 * @param value the value
	 * @return whether it does, as opposed to each worker for itself
	 */
	public static boolean isPassing(String value) {
		return !KERNEL.equals(value);
	}

	/**
	 * Create the selector that a value names.
	 * @param value the value, with which the primary passes connections on
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

	private static WorkerSelector custom(String value) {
		try {
			Properties factories = PropertiesLoaderUtils
				.loadAllProperties(SpringFactoriesLoader.FACTORIES_RESOURCE_LOCATION);
			Class<?> type = ClassUtils.forName(factories.getProperty(value, value).trim(), null);
			return (WorkerSelector) type.getDeclaredConstructor().newInstance();
		}
		catch (IOException | ReflectiveOperationException | ClassCastException | LinkageError ex) {
			throw new UnknownStrategyException(
					("cluster.load-balancing must be kernel, round-robin, least-connections, least-load, ip-hash, or the "
							+ "name of a class that implements %s and has a public constructor without parameters, or a "
							+ "key in META-INF/spring.factories whose value is such a name, but is '%s': %s")
						.formatted(WorkerSelector.class.getName(), value, ex),
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
