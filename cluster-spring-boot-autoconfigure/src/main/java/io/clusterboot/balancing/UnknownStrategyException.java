package io.clusterboot.balancing;

/**
 * {@code cluster.load-balancing} names no strategy.
 */
public final class UnknownStrategyException extends IllegalArgumentException {

	private static final long serialVersionUID = 1L;

	UnknownStrategyException(String message, Throwable cause) {
		super(message, cause);
	}

}
