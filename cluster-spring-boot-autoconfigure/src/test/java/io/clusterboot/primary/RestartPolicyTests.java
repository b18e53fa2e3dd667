package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import io.clusterboot.ClusterProperties;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RestartPolicy}.
 */
class RestartPolicyTests {

	@Test
	void firstFailureIsReplacedAtOnce() {
		assertThat(policy(0.5).delayAfter(1)).isZero();
	}

	@Test
	void furtherFailuresBackOffExponentiallyUpToTheMaximum() {
		RestartPolicy policy = policy(0.5);
		List<Long> seconds = IntStream.rangeClosed(2, 8).mapToObj((n) -> policy.delayAfter(n).toSeconds()).toList();
		assertThat(seconds).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
	}

	@Test
	void jitterVariesTheDelayAndNeverExceedsTheMaximum() {
		assertThat(policy(0).delayAfter(3)).isEqualTo(Duration.ofMillis(1600));
		assertThat(policy(1).delayAfter(3)).isEqualTo(Duration.ofMillis(2400));
		assertThat(policy(1).delayAfter(100)).isEqualTo(Duration.ofSeconds(30));
	}

	@Test
	void manyFailuresDoNotOverflow() {
		assertThat(policy(0.5).delayAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(30));
	}

	@Test
	void stableOnceReadyForLongEnough() {
		assertThat(policy(0).isStable(Duration.ofMillis(29_999))).isFalse();
		assertThat(policy(0).isStable(Duration.ofSeconds(30))).isTrue();
	}

	private static RestartPolicy policy(double random) {
		return new RestartPolicy(new ClusterProperties.Restart(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0.2,
				Duration.ofSeconds(30)), () -> random);
	}

}
