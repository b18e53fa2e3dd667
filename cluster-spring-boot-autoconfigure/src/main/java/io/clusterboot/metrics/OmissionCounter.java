package io.clusterboot.metrics;

import java.util.function.IntConsumer;

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

	@Override
	public void accept(int index) {
		Counter.builder(NAME)
			.description(DESCRIPTION)
			.baseUnit(UNIT)
			.tag(TAG, Integer.toString(index))
			.register(this.registry)
			.increment();
	}

}
