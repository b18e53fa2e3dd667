package io.clusterboot.worker;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Requests that stay in flight until the test lets them go. They are told apart by name.
 */
final class HeldRequests {

	private final Map<String, CountDownLatch> arrivals = new ConcurrentHashMap<>();

	private final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();

	/**
	 * Called by a request, which waits.
	 */
	void hold(String name) throws InterruptedException {
		arrived(name);
		latch(this.gates, name).await();
	}

	/**
	 * Called by a request, which goes on.
	 */
	void arrived(String name) {
		latch(this.arrivals, name).countDown();
	}

	void awaitArrival(String name) throws InterruptedException {
		assertThat(latch(this.arrivals, name).await(PlayedPrimary.DEADLINE.toMillis(), TimeUnit.MILLISECONDS))
			.as("request '%s' has arrived", name)
			.isTrue();
	}

	void release(String name) {
		latch(this.gates, name).countDown();
	}

	private static CountDownLatch latch(Map<String, CountDownLatch> latches, String name) {
		return latches.computeIfAbsent(name, (key) -> new CountDownLatch(1));
	}

}
