package io.clusterboot.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.clusterboot.ClusterProperties;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Drain}. It runs on the test's thread, and time passes only while it
 * sleeps.
 */
class DrainTests {

	private static final Duration LONG = Duration.ofMinutes(5);

	/** How often a drain looks. */
	private static final Duration POLL = Duration.ofMillis(10);

	private final RequestTracker requests = new RequestTracker();

	private final Script time = new Script();

	private final Server server = new Server();

	private int messages;

	@Test
	void aWorkerWithNothingToDoLeavesAtOnce() {
		drain(LONG, LONG);
		assertThat(this.time.now()).isZero();
		assertThat(this.server.closed).isPositive();
	}

	@Test
	void requestsInFlightAreAwaited() {
		Ticket ticket = this.requests.begin();
		this.time.at(Duration.ofSeconds(30), ticket::end);
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(30));
	}

	@Test
	void aRequestThatDoesNotEndIsCutOffAfterTheTimeout() {
		this.requests.begin();
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(LONG);
		assertThat(this.requests.active()).isEqualTo(1);
	}

	@Test
	void idleConnectionsGetAGracePeriod() {
		this.server.idle = 1;
		drain(LONG, Duration.ofSeconds(2));
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(2));
		assertThat(this.server.closings).containsExactly(new Closing(Duration.ofSeconds(2), 1));
	}

	@Test
	void theGracePeriodEndsWithTheLastConnection() {
		this.server.idle = 1;
		this.time.at(Duration.ofSeconds(1), () -> this.server.idle = 0);
		drain(LONG, LONG);
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(1));
		assertThat(this.server.closings).isEmpty();
	}

	@Test
	void messagesThatAreWorkedOnAreWaitedFor() {
		this.messages = 1;
		this.time.at(Duration.ofSeconds(30), () -> this.messages = 0);
		drain(LONG, LONG);
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(30));
	}

	/**
	 * One every 20 ms, that is with every second look.
	 */
	@Test
	void idleConnectionsAreClosedOneByOne() {
		this.server.idle = 50;
		drain(LONG, Duration.ofSeconds(2), Duration.ofSeconds(1));
		assertThat(this.server.closings).hasSize(50)
			.allMatch((closing) -> closing.connections() == 1)
			.extracting(Closing::time)
			.startsWith(Duration.ofMillis(2000), Duration.ofMillis(2020), Duration.ofMillis(2040))
			.endsWith(Duration.ofMillis(2980));
		assertThat(this.time.now()).isEqualTo(Duration.ofMillis(2980));
	}

	@Test
	void aConnectionThatBecomesIdleLaterIsClosedAtItsOwnTime() {
		this.server.busy = 1;
		this.time.at(Duration.ofSeconds(30), () -> {
			this.server.busy = 0;
			this.server.idle = 1;
		});
		drain(LONG, Duration.ofSeconds(2), Duration.ofSeconds(1));
		assertThat(this.server.closings).containsExactly(new Closing(Duration.ofSeconds(30), 1));
	}

	@Test
	void aConnectionThatIsNotIdleIsAwaited() {
		this.server.busy = 1;
		this.time.at(Duration.ofSeconds(30), () -> this.server.busy = 0);
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(30));
	}

	@Test
	void connectionsAreHandedOverAndToldToCloseAgainAndAgain() {
		this.server.busy = 1;
		this.time.at(Duration.ofSeconds(1), () -> this.server.busy = 0);
		drain(LONG, LONG);
		assertThat(this.server.handOvers).isEqualTo(1 + (int) Duration.ofSeconds(1).dividedBy(POLL));
		assertThat(this.server.closed).isGreaterThanOrEqualTo(this.server.handOvers);
	}

	@Test
	void whatDoesNotEndByItselfIsEndedAfterTheTimeout() {
		this.server.sessions = 3;
		Ticket ticket = this.requests.begin();
		ticket.suspend();
		this.server.onEnd = ticket::end;
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(LONG);
		assertThat(this.server.ended).isEqualTo(1);
		assertThat(this.requests.active()).isZero();
	}

	@Test
	void aGoodbyeThatNobodyAnswersIsNotWaitedForLong() {
		this.server.sessions = 3;
		Ticket ticket = this.requests.begin();
		ticket.suspend();
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(LONG.plusSeconds(3));
	}

	@Test
	void whatEndsByItselfIsNotEnded() {
		this.server.sessions = 1;
		this.time.at(Duration.ofSeconds(30), () -> this.server.sessions = 0);
		drain(LONG, Duration.ZERO);
		assertThat(this.time.now()).isEqualTo(Duration.ofSeconds(30));
		assertThat(this.server.ended).isZero();
	}

	private void drain(Duration timeout, Duration idleGrace) {
		drain(timeout, idleGrace, Duration.ZERO);
	}

	private void drain(Duration timeout, Duration idleGrace, Duration closeWindow) {
		new Drain(new ClusterProperties.Drain(timeout, idleGrace, closeWindow, true), this.requests,
				List.of(this.server), () -> this.messages, this.time)
			.run();
	}

	/**
	 * Connections that were closed at once.
	 *
	 * @param time when, since the drain began
	 * @param connections how many
	 */
	private record Closing(Duration time, int connections) {
	}

	/**
	 * Time in which things happen.
	 */
	private static final class Script implements DrainClock {

		private final TreeMap<Duration, Runnable> actions = new TreeMap<>();

		private Duration now = Duration.ZERO;

		private void at(Duration time, Runnable action) {
			this.actions.put(time, action);
		}

		private Duration now() {
			return this.now;
		}

		@Override
		public long nanoTime() {
			return this.now.toNanos();
		}

		@Override
		public void sleep(Duration duration) {
			this.now = this.now.plus(duration);
			for (Map.Entry<Duration, Runnable> next = this.actions.firstEntry(); next != null
					&& next.getKey().compareTo(this.now) <= 0; next = this.actions.firstEntry()) {
				this.actions.remove(next.getKey()).run();
			}
		}

	}

	private final class Server implements SharedServer {

		private final List<Closing> closings = new ArrayList<>();

		private int busy;

		private int idle;

		private int sessions;

		private int closed;

		private int handOvers;

		private int ended;

		private Runnable onEnd = () -> {
		};

		@Override
		public void closeGracefully() {
			this.closed++;
		}

		@Override
		public void handOver() {
			this.handOvers++;
		}

		@Override
		public int connections() {
			return this.busy + this.idle + this.sessions;
		}

		@Override
		public int idleConnections(Duration idle) {
			return this.idle;
		}

		@Override
		public int closeIdle(Duration idle, int atMost) {
			int closing = Math.min(atMost, this.idle);
			if (closing > 0) {
				this.closings.add(new Closing(DrainTests.this.time.now(), closing));
			}
			this.idle -= closing;
			return closing;
		}

		@Override
		public int sessions() {
			return this.sessions;
		}

		@Override
		public void endLongLived() {
			this.ended++;
			this.onEnd.run();
			if (DrainTests.this.requests.active() == 0) {
				this.sessions = 0;
			}
		}

	}

}
