package io.clusterboot.metrics;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Meters of what a worker knows of itself.
 */
public final class WorkerMetrics implements MeterBinder {

	@Override
	public void bindTo(MeterRegistry registry) {
		long startTime = ManagementFactory.getRuntimeMXBean().getStartTime();
		TimeGauge.builder("cluster.worker.start.time", () -> startTime, TimeUnit.MILLISECONDS)
			.description("Start time of the worker's process since the Unix epoch")
			.register(registry);
	}

}
