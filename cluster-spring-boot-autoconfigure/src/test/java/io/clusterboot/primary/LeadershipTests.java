package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.primary.Leadership.Candidate;
import io.clusterboot.primary.Leadership.Fitness;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Leadership}.
 */
class LeadershipTests {

	private final Leadership leadership = new Leadership();

	private final List<Candidate> workers = new ArrayList<>();

	@Test
	void thereIsNoneBeforeAWorkerIsReady() {
		put(1, false, 0, Fitness.STAYS, 0);
		assertThat(appoint()).isZero();
	}

	@Test
	void theOneThatIsLongestReadyIsAppointedOnce() {
		put(1, true, 1, Fitness.STAYS, 5);
		put(2, true, 1, Fitness.STAYS, 7);
		assertThat(appoint()).isEqualTo(2);
		assertThat(appoint()).isZero();
		assertThat(this.leadership.isLeader(2)).isTrue();
		assertThat(this.leadership.isLeader(1)).isFalse();
	}

	@Test
	void itStaysWhileItIsReadyHoweverGoodOthersAre() {
		put(1, true, 1, Fitness.STAYS, 1);
		appoint();
		put(1, true, 1, Fitness.NONE, 1);
		put(2, true, 1, Fitness.STAYS, 9);
		assertThat(appoint()).isZero();
		assertThat(this.leadership.isLeader(1)).isTrue();
	}

	@Test
	void anotherFollowsWhenItHasSaidThatItIsNotReady() {
		put(1, true, 1, Fitness.STAYS, 9);
		put(2, true, 1, Fitness.STAYS, 1);
		appoint();
		put(1, false, 2, Fitness.STAYS, 9);
		assertThat(appoint()).isEqualTo(2);
		put(1, true, 3, Fitness.STAYS, 9);
		assertThat(appoint()).isZero();
		assertThat(this.leadership.isLeader(1)).isFalse();
	}

	@Test
	void anotherFollowsWhenItHasExited() {
		put(1, true, 1, Fitness.STAYS, 9);
		put(2, true, 1, Fitness.STAYS, 1);
		appoint();
		this.workers.removeIf((worker) -> worker.id() == 1);
		assertThat(appoint()).isEqualTo(2);
	}

	@Test
	void oneThatWasAwayBetweenTwoLooksHasRenouncedAndIsAppointedAgain() {
		put(1, true, 1, Fitness.STAYS, 9);
		appoint();
		put(1, true, 3, Fitness.STAYS, 9);
		assertThat(this.leadership.appoint(this.workers)).hasValueSatisfying((leader) -> {
			assertThat(leader.id()).isEqualTo(1);
			assertThat(leader.stateChanges()).isEqualTo(3);
		});
	}

	@Test
	void thereIsNoneWhileTheOnlyOneRefuses() {
		put(1, true, 1, Fitness.STAYS, 9);
		appoint();
		put(1, false, 2, Fitness.STAYS, 9);
		assertThat(appoint()).isZero();
		assertThat(this.leadership.isLeader(1)).isFalse();
	}

	@Test
	void oneThatIsAboutToBeReplacedIsBetterThanNone() {
		put(1, true, 1, Fitness.MAY_LEAVE, 9);
		put(2, true, 1, Fitness.STAYS, 1);
		put(3, true, 1, Fitness.NONE, 99);
		assertThat(appoint()).isEqualTo(2);
		put(2, false, 2, Fitness.STAYS, 1);
		assertThat(appoint()).isEqualTo(1);
		put(1, false, 2, Fitness.NONE, 9);
		assertThat(appoint()).isZero();
	}

	@Test
	void aReloadMovesItOnceOnly() {
		put(1, true, 1, Fitness.STAYS, 9);
		appoint();
		this.workers.clear();
		put(2, true, 1, Fitness.STAYS, 9);
		this.workers.add(new Candidate(3, true, 1, Fitness.STAYS, 1, Duration.ofSeconds(1)));
		assertThat(appoint()).isEqualTo(3);
	}

	private void put(int id, boolean ready, long stateChanges, Fitness fitness, long readyFor) {
		this.workers.removeIf((worker) -> worker.id() == id);
		this.workers.add(new Candidate(id, ready, stateChanges, fitness, 0, Duration.ofSeconds(readyFor)));
	}

	private int appoint() {
		return this.leadership.appoint(this.workers).map(Candidate::id).orElse(0);
	}

}
