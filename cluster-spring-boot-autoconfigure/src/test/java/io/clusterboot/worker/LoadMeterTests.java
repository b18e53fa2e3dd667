package io.clusterboot.worker;

import io.clusterboot.balancing.ClusterLoad;
import io.clusterboot.protocol.WorkerLoad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LoadMeter}.
 */
class LoadMeterTests {

	private final LoadMeter meter = new LoadMeter(new RequestTracker(), () -> 7, new ClusterLoad());

	@Test
	void whatIsLeftOfTheHeapIsKnownAfterACollection() {
		System.gc();
		WorkerLoad load = this.meter.measure();
		assertThat(load.heapAfterGc()).isPositive().isLessThanOrEqualTo(load.heapMax());
		assertThat(load.connections()).isEqualTo(7);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void aJvmTakesMoreMemoryThanItsHeapUses() {
		WorkerLoad load = this.meter.measure();
		assertThat(load.rss()).isGreaterThan(load.heapUsed());
	}

}
