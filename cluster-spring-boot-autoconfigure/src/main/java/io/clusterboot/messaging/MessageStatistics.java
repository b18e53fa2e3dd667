package io.clusterboot.messaging;

import java.util.concurrent.atomic.LongAdder;

/**
 * What has become of messages so far. Thread-safe.
 */
final class MessageStatistics {

	private final LongAdder sent = new LongAdder();

	private final LongAdder received = new LongAdder();

	private final LongAdder failures = new LongAdder();

	private final LongAdder requests = new LongAdder();

	private final LongAdder requestNanos = new LongAdder();

	void sent() {
		this.sent.increment();
	}

	void received() {
		this.received.increment();
	}

	void failed() {
		this.failures.increment();
	}

	/**
	 * A request is over.
	 * @param nanos how long it took, in nanoseconds
	 */
	void requested(long nanos) {
		this.requests.increment();
		this.requestNanos.add(nanos);
	}

	double sentCount() {
		return this.sent.sum();
	}

	double receivedCount() {
		return this.received.sum();
	}

	double failureCount() {
		return this.failures.sum();
	}

	long requestCount() {
		return this.requests.sum();
	}

	double requestNanos() {
		return this.requestNanos.sum();
	}

}
