package io.clusterboot.advice;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.clusterboot.ClusterProperties.Advice;
import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link AdviceReport}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AdviceReportTests {

	private static final Duration LONG = Duration.ofMinutes(3);

	private static final Advisor QUARTZ = advisor(Topic.QUARTZ, () -> "each worker runs all jobs");

	private static final Advisor SESSION = advisor(Topic.HTTP_SESSION, () -> "sessions are in memory");

	private static final Advisor FINE = advisor(Topic.CACHE, () -> null);

	@Test
	void oneReportNamesEverythingInOrder() {
		assertThat(report(Set.of(), QUARTZ, FINE, SESSION).text(2)).isEqualToNormalizingNewlines("""
				Not all of this application is made for 2 workers:
				  http-session: sessions are in memory
				  quartz: each worker runs all jobs
				What is meant to be so can be acknowledged: cluster.advice.acknowledged=http-session,quartz""");
	}

	@Test
	void whatIsAcknowledgedIsNotSaidAndNotAskedFor() {
		Advisor asked = advisor(Topic.QUARTZ, () -> {
			throw new IllegalStateException("not to be asked here");
		});
		assertThat(report(Set.of(Topic.QUARTZ), asked, SESSION).text(2)).contains("http-session")
			.doesNotContain("quartz");
		assertThat(report(Set.of(Topic.QUARTZ, Topic.HTTP_SESSION), asked, SESSION).text(2)).isNull();
	}

	@Test
	void nothingToSay() {
		assertThat(report(Set.of(), FINE).text(2)).isNull();
	}

	@Test
	void anAdvisorThatFailsIsLeftOut() {
		Advisor fails = advisor(Topic.EMBEDDED_DATABASE, () -> {
			throw new IOException("no database");
		});
		assertThat(report(Set.of(), fails, QUARTZ).text(2)).contains("quartz: ").doesNotContain("database");
	}

	/**
	 * What the others say may come too late for so short a patience; that they are asked
	 * at all is what counts.
	 */
	@Test
	void anAdvisorThatHangsKeepsNobodyFromBeingAsked() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		CountDownLatch asked = new CountDownLatch(1);
		Advisor hangs = advisor(Topic.CONNECTION_POOL, () -> {
			never.await();
			return "too late";
		});
		Advisor next = advisor(Topic.QUARTZ, () -> {
			asked.countDown();
			return null;
		});
		AdviceReport report = new AdviceReport(List.of(hangs, next), new Advice(true, Set.of()), () -> 2,
				Duration.ofMillis(10));
		assertThat(report.text(2)).isNull();
		assertThat(asked.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
		never.countDown();
	}

	@Test
	void withOneWorkerNothingIsSaid(CapturedOutput output) throws Exception {
		CompletableFuture<Thread> reporter = new CompletableFuture<>();
		new AdviceReport(List.of(SESSION), new Advice(true, Set.of()), () -> {
			reporter.complete(Thread.currentThread());
			return 1;
		}, LONG).report();
		reporter.get(LONG.toSeconds(), TimeUnit.SECONDS).join();
		assertThat(output).doesNotContain("http-session");
	}

	@Test
	void withTwoWorkersTheReportIsLogged(CapturedOutput output) {
		report(Set.of(), QUARTZ).report();
		await().atMost(LONG).until(() -> output.getAll().contains("quartz: "));
	}

	private static AdviceReport report(Set<Topic> acknowledged, Advisor... advisors) {
		return new AdviceReport(List.of(advisors), new Advice(true, acknowledged), () -> 2, LONG);
	}

	private static Advisor advisor(Topic topic, Callable<@Nullable String> advice) {
		return new Advisor() {

			@Override
			public Topic topic() {
				return topic;
			}

			@Override
			public @Nullable String advise() throws Exception {
				return advice.call();
			}

		};
	}

}
