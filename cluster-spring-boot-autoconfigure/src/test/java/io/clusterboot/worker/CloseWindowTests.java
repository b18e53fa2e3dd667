package io.clusterboot.worker;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CloseWindow}.
 */
class CloseWindowTests {

	private final CloseWindow window = new CloseWindow(Duration.ofSeconds(2), Duration.ofSeconds(1));

	@Test
	void opensAfterTheGracePeriod() {
		assertThat(this.window.isOpen(Duration.ofMillis(1999))).isFalse();
		assertThat(this.window.isOpen(Duration.ofMillis(2000))).isTrue();
	}

	@Test
	void spreadsTheConnectionsEvenly() {
		assertThat(quotaAndClose(2000)).isEqualTo(1);
		assertThat(quotaAndClose(2000)).isZero();
		assertThat(quotaAndClose(2100)).isEqualTo(10);
		assertThat(quotaAndClose(2500)).isEqualTo(40);
		assertThat(quotaAndClose(2990)).isEqualTo(49);
	}

	@Test
	void aTurnThatWasNotUsedIsKept() {
		assertThat(this.window.quota(Duration.ofMillis(2100), () -> 100)).isEqualTo(11);
		assertThat(this.window.quota(Duration.ofMillis(2200), () -> 100)).isEqualTo(21);
	}

	@Test
	void hasNoBoundAtItsEnd() {
		assertThat(quotaAndClose(3000)).isEqualTo(Integer.MAX_VALUE);
	}

	@Test
	void canHaveNoLength() {
		CloseWindow none = new CloseWindow(Duration.ZERO, Duration.ZERO);
		assertThat(none.isOpen(Duration.ZERO)).isTrue();
		assertThat(none.quota(Duration.ZERO, () -> 100)).isEqualTo(Integer.MAX_VALUE);
	}

	private int quotaAndClose(long elapsedMillis) {
		int quota = this.window.quota(Duration.ofMillis(elapsedMillis), () -> 100);
		this.window.closed(quota);
		return quota;
	}

}
