package io.clusterboot.state;

/**
 * Receives what is published, until it is closed.
 */
@FunctionalInterface
public interface Subscription extends AutoCloseable {

	@Override
	void close();

}
