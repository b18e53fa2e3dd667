package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.WorkerLoad;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecyclePolicy}.
 */
class RecyclePolicyTests {

	@Test
	void withoutLimitsNoneIsReached() {
		RecyclePolicy policy = policy(null, null, null, null);
		assertThat(policy.limitReached(load(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE), Duration.ofDays(9999), 1))
			.isNull();
	}

	@Test
	void requestsAreCounted() {
		RecyclePolicy policy = policy(1000L, null, null, null);
		assertThat(policy.limitReached(load(999, 0, 0), Duration.ZERO, 0)).isNull();
		assertThat(policy.limitReached(load(1000, 0, 0), Duration.ZERO, 0)).contains("1000 requests")
			.contains("cluster.recycle.max-requests=1000");
	}

	@Test
	void luckLowersWhatWorkersWouldReachTogether() {
		RecyclePolicy policy = policy(1000L, Duration.ofSeconds(100), null, null);
		assertThat(policy.limitReached(load(899, 0, 0), Duration.ofSeconds(89), 1)).isNull();
		assertThat(policy.limitReached(load(900, 0, 0), Duration.ZERO, 1)).isNotNull();
		assertThat(policy.limitReached(load(949, 0, 0), Duration.ZERO, 0.5)).isNull();
		assertThat(policy.limitReached(load(0, 0, 0), Duration.ofSeconds(90), 1)).contains("90 s old");
	}

	@Test
	void memoryIsMeasured() {
		RecyclePolicy policy = policy(null, null, DataSize.ofMegabytes(10), DataSize.ofMegabytes(20));
		long megabyte = 1024 * 1024;
		assertThat(policy.limitReached(load(0, 10 * megabyte - 1, 20 * megabyte - 1), Duration.ZERO, 1)).isNull();
		assertThat(policy.limitReached(load(0, 10 * megabyte, 0), Duration.ZERO, 0)).contains("10 MB of its heap");
		assertThat(policy.limitReached(load(0, 0, 20 * megabyte), Duration.ZERO, 0)).contains("20 MB of memory");
	}

	private static RecyclePolicy policy(@Nullable Long maxRequests, @Nullable Duration maxAge,
			@Nullable DataSize maxHeap, @Nullable DataSize maxRss) {
		return new RecyclePolicy(new ClusterProperties.Recycle(maxRequests, maxAge, maxHeap, maxRss, 0.1));
	}

	private static WorkerLoad load(long totalRequests, long heapAfterGc, long rss) {
		return new WorkerLoad(0, totalRequests, Duration.ZERO, 0, 0, heapAfterGc, 0, rss, 0, 0, 0);
	}

}
