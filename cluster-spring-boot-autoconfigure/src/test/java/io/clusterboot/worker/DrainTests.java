package io.clusterboot.worker;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.ClusterProperties;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Drain}.
 */
class DrainTests {

	private static final Duration LONG = Duration.ofMinutes(5);

	private final RequestTracker requests = new RequestTracker();

	private final Server server = new Server();

	@Test
	void aWorkerWithNothingToDoLeavesAtOnce() throws Exception {
		drain(LONG, LONG).get(10, TimeUnit.SECONDS);
		assertThat(this.server.closed).isEqualTo(1);
	}

	@Test
	void requestsInFlightAreAwaited() throws Exception {
		Ticket ticket = this.requests.begin();
		CompletableFuture<Void> drain = drain(LONG, Duration.ZERO);
		assertThat(drain).isNotCompleted();
		ticket.end();
		drain.get(10, TimeUnit.SECONDS);
	}

	@Test
	void aRequestThatDoesNotEndIsCutOffAfterTheTimeout() throws Exception {
		this.requests.begin();
		drain(Duration.ofMillis(50), Duration.ZERO).get(10, TimeUnit.SECONDS);
		assertThat(this.requests.active()).isEqualTo(1);
	}

	@Test
	void idleConnectionsGetAGracePeriod() throws Exception {
		this.server.connections.set(1);
		long start = System.nanoTime();
		drain(LONG, Duration.ofMillis(200)).get(10, TimeUnit.SECONDS);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
	}

	@Test
	void theGracePeriodEndsWithTheLastConnection() throws Exception {
		this.server.connections.set(1);
		CompletableFuture<Void> drain = drain(LONG, LONG);
		this.server.connections.set(0);
		drain.get(10, TimeUnit.SECONDS);
	}

	private CompletableFuture<Void> drain(Duration timeout, Duration idleGrace) {
		Drain drain = new Drain(new ClusterProperties.Drain(timeout, idleGrace), this.requests, List.of(this.server));
		return CompletableFuture.runAsync(drain::run);
	}

	private static final class Server implements SharedServer {

		private final AtomicInteger connections = new AtomicInteger();

		private volatile int closed;

		@Override
		public void closeGracefully() {
			this.closed++;
		}

		@Override
		public int connections() {
			return this.connections.get();
		}

	}

}
