package io.clusterboot.primary;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SupervisorClock}.
 */
class SupervisorClockTests {

	private long nanoTime = Long.MAX_VALUE - 1000;

	private final SupervisorClock clock = new SupervisorClock(() -> this.nanoTime, Duration.ofMillis(500));

	private final long start = this.clock.now();

	@Test
	void timePassesWhileItIsLookedAt() {
		lookFor(Duration.ofSeconds(10));
		assertThat(passed()).isEqualTo(Duration.ofSeconds(10));
	}

	@Test
	void timeThatWasMissedDoesNotCount() {
		lookFor(Duration.ofSeconds(2));
		this.nanoTime += Duration.ofMinutes(10).toNanos();
		this.clock.look();
		assertThat(passed()).isEqualTo(Duration.ofSeconds(2));
		lookFor(Duration.ofSeconds(3));
		assertThat(passed()).isEqualTo(Duration.ofSeconds(5));
	}

	@Test
	void timeSinceTheLastLookCounts() {
		this.clock.look();
		this.nanoTime += Duration.ofMillis(70).toNanos();
		assertThat(passed()).isEqualTo(Duration.ofMillis(70));
	}

	private void lookFor(Duration time) {
		for (long left = time.toMillis(); left > 0; left -= 100) {
			this.nanoTime += Duration.ofMillis(100).toNanos();
			this.clock.look();
		}
	}

	private Duration passed() {
		return Duration.ofNanos(this.clock.now() - this.start);
	}

}
