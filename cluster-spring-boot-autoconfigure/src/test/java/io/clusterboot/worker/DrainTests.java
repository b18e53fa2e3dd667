package io.clusterboot.worker;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.ClusterProperties;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Drain}.
 */
class DrainTests {

	private static final Duration LONG = Duration.ofMinutes(5);

	private final RequestTracker requests = new RequestTracker();

	private final AtomicInteger messages = new AtomicInteger();

	private final Server server = new Server();

	@Test
	void aWorkerWithNothingToDoLeavesAtOnce() throws Exception {
		drain(LONG, LONG).get(10, TimeUnit.SECONDS);
		assertThat(this.server.closed).isPositive();
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
		this.server.idle.set(1);
		long start = System.nanoTime();
		drain(LONG, Duration.ofMillis(200)).get(10, TimeUnit.SECONDS);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
	}

	@Test
	void theGracePeriodEndsWithTheLastConnection() throws Exception {
		this.server.idle.set(1);
		CompletableFuture<Void> drain = drain(LONG, LONG);
		this.server.idle.set(0);
		drain.get(10, TimeUnit.SECONDS);
	}

	@Test
	void messagesThatAreWorkedOnAreWaitedFor() throws Exception {
		this.messages.set(1);
		CompletableFuture<Void> drain = drain(LONG, LONG);
		await().until(() -> this.server.closed > 2);
		assertThat(drain).isNotDone();
		this.messages.set(0);
		drain.get(10, TimeUnit.SECONDS);
	}

	@Test
	void idleConnectionsAreClosedOneByOne() throws Exception {
		this.server.idle.set(50);
		Drain drain = new Drain(new ClusterProperties.Drain(LONG, Duration.ofMillis(50), Duration.ofMillis(500), true),
				this.requests, List.of(this.server), this.messages::get);
		CompletableFuture.runAsync(drain::run).get(10, TimeUnit.SECONDS);
		assertThat(this.server.closings).as("connections closed at once").hasSizeGreaterThan(10);
	}

	@Test
	void aConnectionThatIsNotIdleIsAwaited() throws Exception {
		this.server.busy.set(1);
		CompletableFuture<Void> drain = drain(LONG, Duration.ZERO);
		await().until(() -> this.server.closed > 2);
		assertThat(drain).isNotCompleted();
		this.server.busy.set(0);
		drain.get(10, TimeUnit.SECONDS);
	}

	@Test
	void whatDoesNotEndByItselfIsEndedAfterTheTimeout() throws Exception {
		this.server.sessions.set(3);
		Ticket ticket = this.requests.begin();
		ticket.suspend();
		this.server.onEnd = ticket::end;
		drain(Duration.ofMillis(50), Duration.ZERO).get(10, TimeUnit.SECONDS);
		assertThat(this.server.ended).isEqualTo(1);
		assertThat(this.requests.active()).isZero();
	}

	@Test
	void whatEndsByItselfIsNotEnded() throws Exception {
		this.server.sessions.set(1);
		CompletableFuture<Void> drain = drain(LONG, Duration.ZERO);
		await().until(() -> this.server.closed > 2);
		this.server.sessions.set(0);
		drain.get(10, TimeUnit.SECONDS);
		assertThat(this.server.ended).isZero();
	}

	private CompletableFuture<Void> drain(Duration timeout, Duration idleGrace) {
		Drain drain = new Drain(new ClusterProperties.Drain(timeout, idleGrace, Duration.ZERO, true), this.requests,
				List.of(this.server), this.messages::get);
		return CompletableFuture.runAsync(drain::run);
	}

	private static final class Server implements SharedServer {

		private final AtomicInteger busy = new AtomicInteger();

		private final AtomicInteger idle = new AtomicInteger();

		private final AtomicInteger sessions = new AtomicInteger();

		private final List<Integer> closings = new CopyOnWriteArrayList<>();

		private volatile Runnable onEnd = () -> {
		};

		private volatile int closed;

		private volatile int ended;

		@Override
		public void closeGracefully() {
			this.closed++;
		}

		@Override
		public int connections() {
			return this.busy.get() + this.idle.get() + this.sessions.get();
		}

		@Override
		public int idleConnections(Duration idle) {
			return this.idle.get();
		}

		@Override
		public int closeIdle(Duration idle, int atMost) {
			int closed = Math.min(atMost, this.idle.get());
			if (closed > 0) {
				this.closings.add(closed);
			}
			this.idle.addAndGet(-closed);
			return closed;
		}

		@Override
		public int sessions() {
			return this.sessions.get();
		}

		@Override
		public void endLongLived() {
			this.ended++;
			this.sessions.set(0);
			this.onEnd.run();
		}

	}

}
