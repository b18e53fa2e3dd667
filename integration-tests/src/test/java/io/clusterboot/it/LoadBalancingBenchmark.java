package io.clusterboot.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.clusterboot.it.LoadResult.Exchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What each value of {@code cluster.load-balancing} makes of the same load, beside an
 * application that is no cluster. A table is printed, nothing is asserted but that no
 * request failed. Not one of the tests:
 *
 * <pre>
 * ./mvnw verify -Dtest=LoadBalancingBenchmark -Dsurefire.failIfNoSpecifiedTests=false
 * </pre>
 *
 * {@code -Dbenchmark.rounds} and {@code -Dbenchmark.seconds} make it longer. All figures
 * are medians of the rounds, in which the applications take turns. The clients share the
 * processors with the application.
 */
class LoadBalancingBenchmark {

	private static final int ROUNDS = Integer.getInteger("benchmark.rounds", 3);

	private static final Duration DURATION = Duration.ofSeconds(Integer.getInteger("benchmark.seconds", 5));

	private static final int CLIENTS = 16;

	private static final String SINGLE = "single JVM";

	private static final List<String> APPLICATIONS = List.of(SINGLE, "kernel", "round-robin", "least-connections",
			"least-load", "ip-hash");

	private static final int WORKERS = Math.max(2, Runtime.getRuntime().availableProcessors());

	@Test
	@Timeout(value = 2, unit = TimeUnit.HOURS)
	void compare() {
		Map<String, List<Measurement>> measurements = new LinkedHashMap<>();
		for (int round = 0; round < ROUNDS; round++) {
			for (String application : APPLICATIONS) {
				try (ClusterProcess process = start(application)) {
					LoadGenerator load = LoadGenerator.on(process.port()).clients(CLIENTS).duration(DURATION);
					load.run();
					List<Long> pids = application.equals(SINGLE) ? List.of(process.pid()) : process.workerPids();
					measure(measurements, application + ", one-shot", load, pids);
					measure(measurements, application + ", kept-alive", load.keepAlive(), pids);
				}
			}
		}
		print(measurements);
	}

	private static ClusterProcess start(String application) {
		ClusterProcessBuilder builder = ClusterProcess.ports()
			// as an application runs that is deployed, not tested
			.jvmOptions("-XX:TieredStopAtLevel=4")
			.property("server.tomcat.max-keep-alive-requests", -1);
		return (application.equals(SINGLE) ? builder.workers(0)
				: builder.workers(WORKERS).property("cluster.load-balancing", application))
			.start()
			.awaitReady();
	}

	private static void measure(Map<String, List<Measurement>> measurements, String what, LoadGenerator load,
			List<Long> pids) {
		LoadResult result = load.run().assertNoFailures();
		measurements.computeIfAbsent(what, (key) -> new ArrayList<>()).add(Measurement.of(result, pids));
	}

	private static void print(Map<String, List<Measurement>> measurements) {
		System.out.printf("%d workers, %d clients, %d rounds of %d s; requests by worker: min/mean/max%n", WORKERS,
				CLIENTS, ROUNDS, DURATION.toSeconds());
		System.out.printf("%-31s %9s %9s %9s   %s%n", "", "per s", "p50 ms", "p99 ms", "by worker");
		measurements.forEach((what, all) -> System.out.printf("%-31s %9.0f %9.2f %9.2f   %.0f/%.0f/%.0f%n", what,
				median(all, Measurement::perSecond), median(all, Measurement::median),
				median(all, Measurement::percentile99), median(all, Measurement::least), median(all, Measurement::mean),
				median(all, Measurement::most)));
	}

	private static double median(List<Measurement> all, ToDoubleFunction<Measurement> figure) {
		return all.stream().mapToDouble(figure).sorted().toArray()[all.size() / 2];
	}

	/**
	 * What one load has come to.
	 *
	 * @param perSecond requests per second
	 * @param median time of a request in milliseconds that half of them took at most
	 * @param percentile99 time in milliseconds that 99 of 100 took at most
	 * @param least requests answered by the worker that answered the fewest
	 * @param mean requests answered by a worker
	 * @param most requests answered by the worker that answered the most
	 */
	private record Measurement(double perSecond, double median, double percentile99, double least, double mean,
			double most) {

		private static Measurement of(LoadResult result, List<Long> pids) {
			double[] times = result.exchanges()
				.stream()
				.map(Exchange::duration)
				.mapToDouble((duration) -> duration.toNanos() / 1e6)
				.sorted()
				.toArray();
			long begin = result.exchanges().stream().mapToLong(Exchange::start).min().orElseThrow();
			long end = result.exchanges().stream().mapToLong(Exchange::end).max().orElseThrow();
			Map<Long, Long> answers = result.answers();
			LongSummaryStatistics spread = pids.stream()
				.mapToLong((pid) -> answers.getOrDefault(pid, 0L))
				.summaryStatistics();
			return new Measurement(times.length * 1e9 / (end - begin), times[times.length / 2],
					times[times.length * 99 / 100], spread.getMin(), spread.getAverage(), spread.getMax());
		}

	}

}
