package io.clusterboot.metrics;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.clusterboot.protocol.ClusterStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Meters of what the primary counts, with the values that it has told last. They are the
 * same in every worker.
 */
public final class ClusterMetrics implements MeterBinder {

	private final List<MeterRegistry> registries = new CopyOnWriteArrayList<>();

	private final Set<Series> known = ConcurrentHashMap.newKeySet();

	private volatile ClusterStatistics statistics = ClusterStatistics.NONE;

	/**
	 * The primary has told what it has counted.
	 * @param statistics what it has counted
	 */
	public void update(ClusterStatistics statistics) {
		this.statistics = statistics;
		this.registries.forEach(this::register);
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.registries.add(registry);
		register(registry);
	}

	/**
	 * Tags get new values while the cluster runs, as when it is scaled up.
	 */
	private void register(MeterRegistry registry) {
		for (ClusterMeter meter : ClusterMeter.values()) {
			for (String tagValue : meter.tagValues(this.statistics)) {
				if (this.known.add(new Series(registry, meter, tagValue))) {
					register(registry, meter, tagValue);
				}
			}
		}
	}

	private void register(MeterRegistry registry, ClusterMeter meter, String tagValue) {
		String tag = meter.tag();
		Tags tags = (tag != null) ? Tags.of(tag, tagValue) : Tags.empty();
		ToDoubleFunction<ClusterMetrics> value = (metrics) -> meter.value(metrics.statistics, tagValue);
		switch (meter.kind()) {
			case GAUGE -> Gauge.builder(meter.meterName(), this, value)
				.description(meter.description())
				.baseUnit(meter.unit())
				.tags(tags)
				.register(registry);
			case COUNTER -> FunctionCounter.builder(meter.meterName(), this, value)
				.description(meter.description())
				.baseUnit(meter.unit())
				.tags(tags)
				.register(registry);
			case TIMER ->
				FunctionTimer
					.builder(meter.meterName(), this, (metrics) -> ClusterMeter.count(metrics.statistics, tagValue),
							value, TimeUnit.SECONDS)
					.description(meter.description())
					.tags(tags)
					.register(registry);
		}
	}

	private record Series(MeterRegistry registry, ClusterMeter meter, String tagValue) {
	}

}
