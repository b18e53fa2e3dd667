package io.clusterboot.primary;

import java.util.List;

import io.clusterboot.primary.StartPlan.Candidate;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StartPlan}.
 */
class StartPlanTests {

	private final StartPlan plan = new StartPlan(2);

	@Test
	void firstWorkerStartsAlone() {
		assertThat(this.plan.next(List.of(missing(0), missing(1), missing(2)), false, 0)).containsExactly(0);
		assertThat(this.plan.next(List.of(starting(0), missing(1), missing(2)), false, 0)).isEmpty();
	}

	@Test
	void othersFollowAsManyAtATimeAsAllowed() {
		assertThat(this.plan.next(List.of(ready(0), missing(1), missing(2), missing(3)), true, 0)).containsExactly(1,
				2);
		assertThat(this.plan.next(List.of(ready(0), starting(1), missing(2), missing(3)), true, 0)).containsExactly(2);
		assertThat(this.plan.next(List.of(ready(0), starting(1), starting(2), missing(3)), true, 0)).isEmpty();
	}

	@Test
	void anIndexThatBacksOffHoldsNobodyUp() {
		List<Candidate> candidates = List.of(new Candidate(0, true, 0, 100), missing(1), missing(2));
		assertThat(this.plan.next(candidates, true, 99)).containsExactly(1, 2);
		assertThat(this.plan.next(candidates, true, 100)).containsExactly(0, 1);
	}

	@Test
	void aClockThatWrapsAroundStillTells() {
		Candidate candidate = new Candidate(0, true, 0, Long.MAX_VALUE);
		assertThat(this.plan.next(List.of(candidate), true, Long.MIN_VALUE + 5)).containsExactly(0);
	}

	private static Candidate missing(int index) {
		return new Candidate(index, true, 0, 0);
	}

	private static Candidate starting(int index) {
		return new Candidate(index, false, 1, 0);
	}

	private static Candidate ready(int index) {
		return new Candidate(index, false, 0, 0);
	}

}
