package io.clusterboot.benchmarks;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.clusterboot.messaging.ClusterMessaging;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Messages from one worker to others, through the primary.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
public class MessagingBenchmark {

	private static final int AT_ONCE = 100;

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final Note NOTE = new Note("a small message", 42);

	/** A request and its reply: two messages, each through the primary. */
	@Benchmark
	public Object roundTrip(Cluster cluster) {
		return request(cluster).join();
	}

	/** A message, until its receiver has taken it. */
	@Benchmark
	public void send(Cluster cluster) {
		cluster.messaging().send(1, "note", NOTE);
	}

	/** A message to three other workers, until all have taken it. */
	@Benchmark
	public void broadcast(Cluster cluster) {
		cluster.messaging().broadcast("note", NOTE);
	}

	/** Many requests at the same time, to one worker. */
	@Benchmark
	@BenchmarkMode(Mode.Throughput)
	@OutputTimeUnit(TimeUnit.SECONDS)
	@OperationsPerInvocation(AT_ONCE)
	public void throughput(Cluster cluster) {
		CompletableFuture<?>[] replies = new CompletableFuture<?>[AT_ONCE];
		for (int i = 0; i < AT_ONCE; i++) {
			replies[i] = request(cluster);
		}
		CompletableFuture.allOf(replies).join();
	}

	private static CompletableFuture<Note> request(Cluster cluster) {
		return cluster.messaging().request(1, "echo", NOTE, Note.class, TIMEOUT);
	}

	/**
	 * The cluster around the benchmark.
	 */
	@State(Scope.Benchmark)
	public static class Cluster {

		private static volatile ClusterMessaging messaging;

		static void use(ClusterMessaging messaging) {
			Cluster.messaging = messaging;
		}

		ClusterMessaging messaging() {
			return messaging;
		}

	}

	/**
	 * A small message.
	 *
	 * @param text a text
	 * @param number a number
	 */
	public record Note(String text, int number) {
	}

}
