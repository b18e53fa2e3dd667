package io.clusterboot.messaging;

import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Meters of the messages that this worker sends and receives.
 */
public final class MessagingMetrics implements MeterBinder {

	private final MessageExchange exchange;

	/**
	 * Create metrics.
	 * @param exchange sends and receives the messages
	 */
	public MessagingMetrics(MessageExchange exchange) {
		this.exchange = exchange;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		MessageStatistics statistics = this.exchange.statistics();
		FunctionCounter.builder("cluster.messaging.sent", statistics, MessageStatistics::sentCount)
			.description("Messages, replies and tasks sent")
			.baseUnit("messages")
			.register(registry);
		FunctionCounter.builder("cluster.messaging.received", statistics, MessageStatistics::receivedCount)
			.description("Messages and tasks taken")
			.baseUnit("messages")
			.register(registry);
		FunctionCounter.builder("cluster.messaging.failures", statistics, MessageStatistics::failureCount)
			.description("Messages, replies and tasks that were sent, or were to be, and not taken")
			.baseUnit("messages")
			.register(registry);
		FunctionTimer
			.builder("cluster.messaging.requests", statistics, MessageStatistics::requestCount,
					MessageStatistics::requestNanos, TimeUnit.NANOSECONDS)
			.description("Time from a request to its reply or failure")
			.register(registry);
		Gauge.builder("cluster.messaging.pending", this.exchange, MessageExchange::pendingBytes)
			.description("What has been sent and not been taken yet")
			.baseUnit("bytes")
			.register(registry);
		Gauge.builder("cluster.messaging.unfinished", this.exchange, MessageExchange::unfinished)
			.description("Messages and tasks received and not handled yet")
			.baseUnit("messages")
			.register(registry);
	}

}
