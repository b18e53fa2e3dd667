package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Heartbeats}.
 */
class HeartbeatsTests {

	private static final long MILLIS = 1_000_000;

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

	@Test
	void aPrimaryThatWasSuspendedBlamesNobody() {
		this.heartbeats.heard(1, this.now);
		pass(Duration.ofSeconds(2));
		this.now += Duration.ofMinutes(10).toNanos();
		this.heartbeats.look(this.now);
		assertThat(this.heartbeats.isOverdue(1, this.now)).isFalse();
		pass(Duration.ofMillis(8_100));
		assertThat(this.heartbeats.isOverdue(1, this.now)).isTrue();
	}

	/**
	 * Time passes while the primary looks as often as it does.
	 */
	private void pass(Duration time) {
		long end = this.now + time.toNanos();
		while (this.now < end) {
			this.now = Math.min(end, this.now + 100 * MILLIS);
			this.heartbeats.look(this.now);
		}
	}

}
