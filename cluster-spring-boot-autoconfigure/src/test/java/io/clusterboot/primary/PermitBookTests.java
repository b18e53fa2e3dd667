package io.clusterboot.primary;

import io.clusterboot.protocol.Verdict;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PermitBook}.
 */
class PermitBookTests {

	private final PermitBook permits = new PermitBook();

	@Test
	void nobodyElseGetsAPermitThatIsHeld() {
		assertThat(this.permits.acquire("a", 1, 10)).isEqualTo(Verdict.GRANTED);
		assertThat(this.permits.acquire("a", 2, 20)).isEqualTo(Verdict.REFUSED);
		assertThat(this.permits.acquire("a", 1, 11)).as("not even its holder").isEqualTo(Verdict.REFUSED);
		assertThat(this.permits.acquire("b", 2, 21)).isEqualTo(Verdict.GRANTED);
		this.permits.release("a", 1, 10);
		assertThat(this.permits.acquire("a", 2, 22)).isEqualTo(Verdict.GRANTED);
	}

	@Test
	void onlyTheHolderGivesItBack() {
		this.permits.acquire("a", 1, 10);
		this.permits.release("a", 2, 10);
		this.permits.release("a", 1, 11);
		this.permits.completed("a", 1, 11);
		this.permits.release("b", 1, 10);
		assertThat(this.permits.acquire("a", 2, 20)).isEqualTo(Verdict.REFUSED);
	}

	@Test
	void anExitGivesBackAllThatTheWorkerHeld() {
		this.permits.acquire("a", 1, 10);
		this.permits.acquire("b", 1, 11);
		this.permits.acquire("c", 2, 20);
		this.permits.exited(1);
		assertThat(this.permits.acquire("a", 2, 21)).isEqualTo(Verdict.GRANTED);
		assertThat(this.permits.acquire("b", 2, 22)).isEqualTo(Verdict.GRANTED);
		assertThat(this.permits.acquire("c", 3, 30)).isEqualTo(Verdict.REFUSED);
	}

	@Test
	void whatIsCompletedIsDoneForAll() {
		this.permits.acquire("a", 1, 10);
		this.permits.completed("a", 1, 10);
		assertThat(this.permits.acquire("a", 1, 11)).isEqualTo(Verdict.DONE);
		this.permits.exited(1);
		assertThat(this.permits.acquire("a", 2, 20)).isEqualTo(Verdict.DONE);
	}

	@Test
	void whatItsHolderDidNotCompleteIsNotDone() {
		this.permits.acquire("a", 1, 10);
		this.permits.exited(1);
		assertThat(this.permits.acquire("a", 2, 20)).isEqualTo(Verdict.GRANTED);
	}

}
