package io.clusterboot.worker;

import java.time.Duration;

import io.clusterboot.worker.RequestTracker.Ticket;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestTracker}.
 */
class RequestTrackerTests {

	private final RequestTracker requests = new RequestTracker();

	@Test
	void countsRequests() {
		Ticket first = this.requests.begin();
		Ticket second = this.requests.begin();
		assertThat(this.requests.active()).isEqualTo(2);
		first.end();
		first.end();
		assertThat(this.requests.active()).isEqualTo(1);
		second.end();
		assertThat(this.requests.active()).isZero();
		assertThat(this.requests.total()).isEqualTo(2);
	}

	@Test
	void aRequestThatHoldsAThreadIsReportedAsStuckOnce() {
		Ticket ticket = this.requests.begin();
		assertThat(this.requests.newlyStuck(Duration.ofHours(1))).isEmpty();
		assertThat(this.requests.newlyStuck(Duration.ZERO)).containsExactly(ticket);
		assertThat(ticket.thread()).isSameAs(Thread.currentThread());
		assertThat(this.requests.newlyStuck(Duration.ZERO)).isEmpty();
	}

	@Test
	void aRequestWithoutAThreadIsActiveButNotStuck() {
		Ticket ticket = this.requests.begin();
		ticket.suspend();
		assertThat(this.requests.active()).isEqualTo(1);
		assertThat(this.requests.waiting()).containsExactly(ticket);
		assertThat(this.requests.newlyStuck(Duration.ZERO)).isEmpty();
		ticket.resume();
		assertThat(this.requests.waiting()).isEmpty();
		assertThat(this.requests.newlyStuck(Duration.ZERO)).containsExactly(ticket);
	}

}
