package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;

import io.clusterboot.protocol.ClusterStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a {@link Supervisor} replaces workers that have reached a limit.
 */
class SupervisorRecycleTests {

	private static final Duration STABLE = Duration.ofSeconds(10);

	private static final Duration PROBATION = Duration.ofSeconds(5);

	private static final Duration NANO = Duration.ofNanos(1);

	private PlayedCluster cluster;

	@BeforeEach
	void start() {
		this.cluster = cluster(0, "recycle.max-requests=100");
		this.cluster.pass(STABLE);
	}

	@AfterEach
	void close() {
		this.cluster.close();
	}

	private static PlayedCluster cluster(double luck, String limit) {
		PlayedCluster cluster = new PlayedCluster(limit, "recycle.jitter=0.1", "reload.probation=5s",
				"restart.stable-after=10s", "restart.initial-delay=1s", "restart.jitter=0");
		cluster.luck(luck);
		// the first has none, and is replaced by one that has
		cluster.allReady();
		return cluster;
	}

	@Test
	void theReplacementProvesItselfBeforeTheWorkerLeaves() {
		PlayedWorker old = this.cluster.worker(2).beats(99);
		assertThat(this.cluster.starts()).isEqualTo(2);
		old.beats(100);
		PlayedWorker replacement = this.cluster.newest();
		assertThat(replacement.index()).isEqualTo(old.index());
		this.cluster.pass(Duration.ofMinutes(1));
		replacement.ready();
		this.cluster.pass(PROBATION.minus(NANO));
		assertThat(old.isToldToLeave()).isFalse();
		this.cluster.pass(NANO);
		assertThat(old.isToldToLeave()).isTrue();
		old.leaves();
		assertThat(this.cluster.starts()).isEqualTo(3);
		assertThat(this.cluster.describe(replacement).restarts()).as("recycling is no failure").isZero();
		ClusterStatistics statistics = this.cluster.count();
		assertThat(statistics.toString()).contains("RECYCLE");
	}

	@Test
	void oneAtATime() {
		this.cluster.worker(1).beats(100);
		this.cluster.worker(2).beats(100);
		assertThat(this.cluster.starts()).isEqualTo(3);
		this.cluster.newest().ready();
		this.cluster.pass(PROBATION);
		this.cluster.worker(1).drains();
		assertThat(this.cluster.starts()).as("before the first is gone").isEqualTo(3);
		this.cluster.worker(1).exits(0);
		assertThat(this.cluster.starts()).isEqualTo(4);
		assertThat(this.cluster.newest().index()).isEqualTo(1);
		assertThat(this.cluster.worker(2).isToldToLeave()).isFalse();
	}

	@Test
	void aWorkerThatHasJustBecomeReadyIsLeftAlone() {
		this.cluster.worker(2).exits(1);
		PlayedWorker young = this.cluster.newest().ready().beats(1000);
		this.cluster.pass(STABLE.minus(NANO));
		assertThat(this.cluster.newest()).isEqualTo(young);
		this.cluster.pass(NANO);
		assertThat(this.cluster.starts()).isEqualTo(4);
	}

	@Test
	void theLimitIsLowerByAShareThatBelongsToTheWorker() {
		try (PlayedCluster lucky = cluster(1, "recycle.max-requests=100")) {
			lucky.pass(STABLE);
			lucky.worker(1).beats(99);
			lucky.worker(2).beats(89);
			assertThat(lucky.starts()).isEqualTo(2);
			lucky.worker(2).beats(90);
			assertThat(lucky.newest().index()).isEqualTo(1);
			assertThat(lucky.starts()).isEqualTo(3);
		}
	}

	@Test
	void theAgeIsMeasuredExactly() {
		try (PlayedCluster lucky = cluster(0.5, "recycle.max-age=100s")) {
			lucky.pass(Duration.ofSeconds(95).minus(NANO));
			assertThat(lucky.starts()).isEqualTo(2);
			lucky.pass(NANO);
			assertThat(lucky.newest().index()).as("of which the limit is lower by 5 %").isEqualTo(1);
			lucky.pass(Duration.ofSeconds(5));
			assertThat(lucky.starts()).as("the other one waits").isEqualTo(3);
		}
	}

	@Test
	void aReplacementThatFailsIsTriedAgainLater() {
		PlayedWorker old = this.cluster.worker(2).beats(100);
		for (long delay : List.of(0, 1, 2, 4)) {
			int starts = this.cluster.starts();
			this.cluster.newest().connect().exits(1);
			if (delay > 0) {
				this.cluster.pass(Duration.ofSeconds(delay).minus(NANO));
				assertThat(this.cluster.starts()).isEqualTo(starts);
				this.cluster.pass(NANO);
			}
			assertThat(this.cluster.starts()).isEqualTo(starts + 1);
			assertThat(this.cluster.newest().index()).isEqualTo(1);
		}
		assertThat(old.isToldToLeave()).isFalse();
		assertThat(this.cluster.describe(old).restarts()).isZero();
	}

	@Test
	void nobodyIsRecycledDuringAReload() {
		this.cluster.supervisor().reload("SIGHUP");
		this.cluster.step();
		this.cluster.worker(2).beats(100);
		this.cluster.pass(Duration.ofMinutes(1));
		assertThat(this.cluster.started()).extracting(PlayedWorker::index).containsExactly(0, 1, 0);
	}

	@Test
	void anOldWorkerThatDiesMeanwhileIsReplacedAllTheSame() {
		PlayedWorker old = this.cluster.worker(2).beats(100);
		old.exits(137);
		assertThat(this.cluster.starts()).as("the replacement is there").isEqualTo(3);
		this.cluster.newest().ready();
		this.cluster.pass(PROBATION);
		assertThat(this.cluster.describe().readyWorkers()).isEqualTo(2);
		assertThat(this.cluster.starts()).isEqualTo(3);
	}

}
