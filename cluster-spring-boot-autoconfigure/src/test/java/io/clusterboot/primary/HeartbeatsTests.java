package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Heartbeats}.
 */
class HeartbeatsTests {

	private final Heartbeats heartbeats = new Heartbeats(
			new ClusterProperties.Heartbeat(Duration.ofSeconds(1), Duration.ofSeconds(10)));

	private long now = 5_000;

	@Test
	void aSilentWorkerIsOverdueAfterTheTimeoutOnly() {
		this.heartbeats.heard(1, this.now);
		pass(Duration.ofSeconds(10));
		assertThat(this.heartbeats.isOverdue(1, this.now)).isFalse();
		pass(Duration.ofMillis(100));
		assertThat(this.heartbeats.isOverdue(1, this.now)).isTrue();
	}

	@Test
	void aBeatStartsTheCountAgain() {
		this.heartbeats.heard(1, this.now);
		pass(Duration.ofSeconds(9));
		this.heartbeats.heard(1, this.now);
		pass(Duration.ofSeconds(9));
		assertThat(this.heartbeats.isOverdue(1, this.now)).isFalse();
	}

	@Test
	void aWorkerThatWasNeverHeardOrIsForgottenIsNotOverdue() {
		this.heartbeats.heard(1, this.now);
		this.heartbeats.forget(1);
		pass(Duration.ofSeconds(60));
		assertThat(this.heartbeats.isOverdue(1, this.now)).isFalse();
		assertThat(this.heartbeats.isOverdue(2, this.now)).isFalse();
	}

	private void pass(Duration time) {
		this.now += time.toNanos();
	}

}
