package io.clusterboot.primary;

import java.util.Map;

import io.clusterboot.ClusterProperties;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Rebalancer}.
 */
class RebalancerTests {

	private final Rebalancer rebalancer = new Rebalancer(new ClusterProperties.Rebalance(true, 50));

	@Test
	void theFullestHandOverWhatIsAboveTheMean() {
		assertThat(this.rebalancer.plan(Map.of(1, 30, 2, 12, 3, 0))).containsExactly(Map.entry(1, 16));
		assertThat(this.rebalancer.plan(Map.of(1, 30, 2, 24, 3, 0))).containsExactly(Map.entry(1, 12), Map.entry(2, 6));
	}

	@Test
	void whatIsAboutEvenStays() {
		assertThat(this.rebalancer.plan(Map.of(1, 105, 2, 100, 3, 95))).isEmpty();
		assertThat(this.rebalancer.plan(Map.of(1, 2, 2, 0))).isEmpty();
		assertThat(this.rebalancer.plan(Map.of(1, 3, 2, 0))).containsExactly(Map.entry(1, 1));
	}

	@Test
	void theRateIsKept() {
		assertThat(this.rebalancer.plan(Map.of(1, 1000, 2, 400, 3, 0, 4, 0))).containsExactly(Map.entry(1, 50));
	}

	@Test
	void oneWorkerOrNoneIsAlwaysEven() {
		assertThat(this.rebalancer.plan(Map.of(1, 1000))).isEmpty();
		assertThat(this.rebalancer.plan(Map.of())).isEmpty();
	}

	@Test
	void nothingMovesWhenItIsSwitchedOff() {
		Rebalancer off = new Rebalancer(new ClusterProperties.Rebalance(false, 50));
		assertThat(off.plan(Map.of(1, 30, 2, 0))).isEmpty();
	}

}
