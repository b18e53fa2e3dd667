package io.clusterboot.worker;

import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Meters of this worker's link to the primary.
 */
public final class LinkMetrics implements MeterBinder {

	private final PrimaryLink link;

	/**
	 * Create metrics.
	 * @param agent has the link
	 */
	public LinkMetrics(WorkerAgent agent) {
		this.link = agent.link();
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("cluster.link.backlog", this.link, PrimaryLink::backlog)
			.description("What waits to be sent to the primary")
			.baseUnit("messages")
			.register(registry);
		FunctionTimer
			.builder("cluster.link.requests", this.link, PrimaryLink::answeredRequests, PrimaryLink::answeringNanos,
					TimeUnit.NANOSECONDS)
			.description("Time from a question to the primary to its answer")
			.register(registry);
	}

}
