package io.clusterboot.metrics;

import java.util.function.IntConsumer;

import io.clusterboot.protocol.ClusterStatistics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * Counts workers that are left out of scrapes.
 */
public final class OmissionCounter implements IntConsumer {

	static final String NAME = "cluster.scrape.omissions";

	static final String UNIT = "workers";

	static final String DESCRIPTION = "Workers left out of a scrape, since they did not answer in time";

	static final String TAG = "omitted";

	private final MeterRegistry registry;

	/**
	 * Create a counter.
	 * @param registry has the meters
	 */
	public OmissionCounter(MeterRegistry registry) {
		this.registry = registry;
	}

	/**
	 * There are workers to count. A counter that appeared with its first omission would
	 * hide that one: an increase needs a value before.
	 * @param statistics tells how many workers there should be
	 */
	public void update(ClusterStatistics statistics) {
		for (int index = 0; index < statistics.configuredWorkers(); index++) {
			counter(index);
		}
	}

	@Override
	public void accept(int index) {
		counter(index).increment();
	}

	private Counter counter(int index) {
		return Counter.builder(NAME)
			.description(DESCRIPTION)
			.baseUnit(UNIT)
			.tag(TAG, Integer.toString(index))
			.register(this.registry);
	}

}
