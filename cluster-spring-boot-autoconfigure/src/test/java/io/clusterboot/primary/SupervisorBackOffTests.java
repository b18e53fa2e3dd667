package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;

import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.WorkerState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When a {@link Supervisor} replaces workers that fail: at once at first, and then less
 * and less often.
 */
class SupervisorBackOffTests {

	private static final Duration STABLE = Duration.ofSeconds(10);

	private static final Duration NANO = Duration.ofNanos(1);

	private static final List<Duration> DELAYS = seconds(0, 1, 2, 4, 5, 5, 5);

	private final PlayedCluster cluster = new PlayedCluster("restart.initial-delay=1s", "restart.multiplier=2",
			"restart.max-delay=5s", "restart.jitter=0", "restart.stable-after=10s", "reload.probation=1s")
		.allReady();

	/** Number of starts that have been looked at. */
	private int seen = this.cluster.starts();

	@AfterEach
	void close() {
		this.cluster.close();
	}

	/**
	 * How a worker can fail.
	 */
	enum Failure {

		BEFORE_IT_CONNECTS {

			@Override
			void of(PlayedWorker worker) {
				worker.exits(7);
			}

		},

		WHILE_IT_STARTS {

			@Override
			void of(PlayedWorker worker) {
				worker.connect().exits(7);
			}

		},

		WHEN_IT_IS_READY {

			@Override
			void of(PlayedWorker worker) {
				worker.ready().exits(137);
			}

		};

		abstract void of(PlayedWorker worker);

	}

	@ParameterizedTest
	@EnumSource
	void eachFurtherFailureDoublesTheDelayUpToTheLongest(Failure failure) {
		PlayedWorker survivor = this.cluster.worker(1);
		this.cluster.worker(2).exits(7);
		for (Duration delay : DELAYS) {
			failure.of(assertNextStart(1, delay));
		}
		assertThat(this.cluster.describe(survivor).restarts()).isZero();
		assertThat(this.cluster.describe(survivor).state()).isEqualTo(WorkerState.READY);
		assertThat(this.cluster.describe(this.cluster.newest()).restarts()).isEqualTo(DELAYS.size() + 1);
	}

	/**
	 * By closing its context a worker says that it leaves, and it may need time for that.
	 */
	@ParameterizedTest
	@EnumSource(names = { "STARTING", "READY" })
	void workersThatCloseTheirContextBackOffBeforeTheyHaveExited(WorkerState state) {
		PlayedWorker closing = this.cluster.worker(2).drains();
		for (Duration delay : DELAYS) {
			PlayedWorker next = assertNextStart(1, delay);
			closing.exits(0);
			this.cluster.pass(Duration.ofMinutes(1));
			assertThat(this.cluster.newest()).as("the exit of the one before is no news").isEqualTo(next);
			closing = ((state == WorkerState.READY) ? next.ready() : next.connect());
			closing.drains();
		}
		assertThat(this.cluster.describe(closing).restarts()).isEqualTo(DELAYS.size() + 1);
	}

	@Test
	void theDelayIsForgottenOnceAWorkerHasBeenReadyForLongEnough() {
		fail(3);
		PlayedWorker worker = assertNextStart(1, Duration.ofSeconds(2)).ready();
		this.cluster.pass(STABLE.minus(NANO));
		worker.exits(137);
		worker = assertNextStart(1, Duration.ofSeconds(4)).ready();
		this.cluster.pass(STABLE);
		worker.exits(137);
		assertNextStart(1, Duration.ZERO).exits(137);
		assertNextStart(1, Duration.ofSeconds(1));
	}

	@Test
	void theTimeBeforeAWorkerIsReadyDoesNotMakeItStable() {
		fail(2);
		PlayedWorker worker = assertNextStart(1, Duration.ofSeconds(1)).connect();
		this.cluster.pass(STABLE.multipliedBy(10));
		worker.ready().exits(1);
		assertNextStart(1, Duration.ofSeconds(2));
	}

	@Test
	void theTimeForWhichThePrimaryWasSuspendedMakesNoWorkerStable() {
		fail(2);
		PlayedWorker worker = assertNextStart(1, Duration.ofSeconds(1)).ready();
		this.cluster.stall(STABLE.multipliedBy(10));
		worker.exits(1);
		assertNextStart(1, Duration.ofSeconds(2));
	}

	@Test
	void eachIndexHasADelayOfItsOwn() {
		fail(4);
		this.cluster.worker(1).exits(137);
		assertNextStart(0, Duration.ZERO).exits(137);
		assertNextStart(0, Duration.ofSeconds(1));
		assertNextStart(1, Duration.ofSeconds(3));
	}

	@Test
	void whenAllDieAllAreReplaced() {
		this.cluster.worker(1).exits(137);
		this.cluster.worker(2).exits(137);
		assertThat(this.cluster.describe().readyWorkers()).isZero();
		assertThat(this.cluster.starts()).isEqualTo(4);
		this.cluster.allReady();
		assertThat(this.cluster.describe().readyWorkers()).isEqualTo(2);
	}

	@Test
	void aProcessThatCannotBeStartedIsAFailureToo() {
		this.cluster.startFailure("no memory left");
		this.cluster.worker(2).exits(137);
		this.cluster.pass(Duration.ofSeconds(10));
		this.cluster.startFailure(null);
		assertThat(this.cluster.starts()).isEqualTo(2);
		// after 1 and 2 and 4 seconds, and then 5
		assertNextStart(1, Duration.ofSeconds(2));
	}

	@Test
	void whoIsToldToLeaveHasNotFailed() {
		PlayedWorker leaving = this.cluster.worker(2).says(new FromWorker.LeaveRequested(1, "enough"));
		PlayedWorker replacement = assertNextStart(1, Duration.ZERO).ready();
		this.cluster.pass(Duration.ofMinutes(1));
		assertThat(leaving.isToldToLeave()).isTrue();
		leaving.leaves();
		assertThat(this.cluster.describe(replacement).restarts()).isZero();
		replacement.exits(1);
		assertNextStart(1, Duration.ZERO);
	}

	@Test
	void aReloadMendsWhatFails() {
		fail(5);
		this.cluster.supervisor().reload("SIGHUP");
		this.cluster.step();
		assertNextStart(0, Duration.ZERO).ready();
		this.cluster.pass(Duration.ofSeconds(1));
		this.cluster.worker(1).leaves();
		// 4 seconds before it would have been
		assertNextStart(1, Duration.ZERO);
	}

	@Test
	void theDelayVariesByItsJitterAndNoMore() {
		for (int i = 0; i < 20; i++) {
			try (PlayedCluster jittery = new PlayedCluster("restart.initial-delay=1s", "restart.multiplier=1",
					"restart.max-delay=10s", "restart.jitter=0.5")
				.allReady()) {
				jittery.worker(2).exits(1);
				jittery.newest().exits(1);
				int starts = jittery.starts();
				jittery.pass(Duration.ofMillis(500).minus(NANO));
				assertThat(jittery.starts()).isEqualTo(starts);
				jittery.pass(Duration.ofSeconds(1).plus(NANO));
				assertThat(jittery.starts()).isEqualTo(starts + 1);
			}
		}
	}

	/**
	 * Have workers of index 1 fail.
	 */
	private void fail(int times) {
		for (int i = 0; i < times; i++) {
			PlayedWorker worker = this.cluster.started()
				.stream()
				.filter((candidate) -> candidate.index() == 1 && candidate.isAlive())
				.findFirst()
				.orElseThrow();
			worker.exits(1);
			if (i + 1 < times) {
				assertNextStart(1, DELAYS.get(i));
			}
		}
	}

	/**
	 * Assert that the next worker is started after a time, and not before.
	 */
	private PlayedWorker assertNextStart(int index, Duration delay) {
		if (!delay.isZero()) {
			this.cluster.pass(delay.minus(NANO));
			assertThat(this.cluster.starts()).as("workers started before the delay of %s is over", delay)
				.isEqualTo(this.seen);
			this.cluster.pass(NANO);
		}
		assertThat(this.cluster.starts()).as("workers started after a delay of %s", delay).isEqualTo(++this.seen);
		assertThat(this.cluster.newest().index()).isEqualTo(index);
		return this.cluster.newest();
	}

	private static List<Duration> seconds(long... seconds) {
		return LongStream.of(seconds).mapToObj(Duration::ofSeconds).toList();
	}

}
