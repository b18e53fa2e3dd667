package io.clusterboot.scheduling;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;

import io.clusterboot.protocol.Verdict;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ClusterRuns}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ClusterRunsTests {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private final StubPermits permits = new StubPermits();

	private final ClusterRuns runs = new ClusterRuns(this.permits);

	@AfterEach
	void stop() {
		this.runs.stop();
	}

	@Test
	void theLeaderRunsWithAPermit() throws Throwable {
		this.permits.leader();
		this.runs.runOrSkip("a", call("a"));
		assertThat(this.permits.log()).containsExactly("acquire a", "run a", "release a");
	}

	@Test
	void othersDoNotEvenAsk() throws Throwable {
		this.runs.runOrSkip("a", call("a"));
		assertThat(this.permits.log()).isEmpty();
	}

	@Test
	void aRunIsSkippedWhileAnotherOneIsUnderWay() throws Throwable {
		this.permits.leader().answer(() -> Verdict.REFUSED);
		this.runs.runOrSkip("a", call("a"));
		assertThat(this.permits.log()).containsExactly("acquire a");
	}

	@Test
	void aRunIsSkippedIfThePrimaryDoesNotAnswer(CapturedOutput output) throws Throwable {
		this.permits.leader().answer(() -> null);
		this.runs.runOrSkip("a", call("a"));
		assertThat(this.permits.log()).containsExactly("acquire a");
		assertThat(output).contains("'a' is skipped: The primary did not answer");
	}

	@Test
	void aPermitOfOneWhoIsNotLeaderAnyMoreIsGivenBack() throws Throwable {
		this.permits.leader().answer(() -> {
			this.permits.notLeader();
			return Verdict.GRANTED;
		});
		this.runs.runOrSkip("a", call("a"));
		assertThat(this.permits.log()).containsExactly("acquire a", "release a");
	}

	@Test
	void aFailureIsTheCallersAndGivesThePermitBack() {
		this.permits.leader();
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> this.runs.runOrSkip("a", () -> {
			throw new IllegalStateException("failed");
		}));
		assertThat(this.permits.log()).containsExactly("acquire a", "release a");
	}

	@Test
	void whatIsHeldRunsInOrderOnceThereIsALeader() {
		this.runs.hold("a", call("a"));
		this.runs.hold("b", call("b"));
		assertThat(this.permits.log()).isEmpty();
		this.permits.leader();
		awaitLog("acquire a", "run a", "complete a", "acquire b", "run b", "complete b");
		this.runs.hold("c", call("c"));
		await().atMost(TIMEOUT).until(() -> this.permits.log().contains("complete c"));
	}

	@Test
	void whatSomebodyElseHasDoneIsNotRun() {
		this.permits.leader().answer(() -> Verdict.DONE);
		this.runs.hold("a", call("a"));
		this.runs.hold("b", call("b"));
		awaitLog("acquire a", "acquire b");
	}

	@Test
	void whatSomebodyElseStillRunsIsAskedForAgain() {
		Queue<Verdict> verdicts = new ArrayDeque<>(List.of(Verdict.REFUSED, Verdict.GRANTED));
		this.permits.leader().answer(verdicts::remove);
		this.runs.hold("a", call("a"));
		awaitLog("acquire a", "acquire a", "run a", "complete a");
	}

	@Test
	void whatFailsIsDone(CapturedOutput output) {
		this.permits.leader();
		this.runs.hold("a", () -> {
			throw new IllegalStateException("on purpose");
		});
		awaitLog("acquire a", "complete a");
		assertThat(output).contains("'a' failed, and is not repeated", "on purpose");
	}

	@Test
	void whatIsInterruptedByTheEndIsLeftToTheNextLeader() throws Exception {
		this.permits.leader();
		CountDownLatch running = new CountDownLatch(1);
		this.runs.hold("a", () -> {
			running.countDown();
			Thread.sleep(TIMEOUT.toMillis());
		});
		running.await();
		this.runs.stop();
		awaitLog("acquire a", "release a");
	}

	private ClusterRuns.Call call(String name) {
		return () -> this.permits.log().add("run " + name);
	}

	private void awaitLog(String... entries) {
		await().atMost(TIMEOUT).untilAsserted(() -> assertThat(this.permits.log()).containsExactly(entries));
	}

}
