package io.clusterboot.it;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The fates of all requests of a load.
 *
 * @param exchanges the requests, in the order in which they ended
 */
public record LoadResult(List<Exchange> exchanges) {

	/**
	 * The part of the requests that a condition holds for.
	 * @param condition the condition
	 * @return the part
	 */
	public LoadResult only(Predicate<Exchange> condition) {
		return new LoadResult(this.exchanges.stream().filter(condition).toList());
	}

	/**
	 * The part of the requests that were begun after a moment.
	 * @param nanoTime the moment, as {@link System#nanoTime()} tells it
	 * @return the part
	 */
	public LoadResult begunAfter(long nanoTime) {
		return only((exchange) -> exchange.start() - nanoTime > 0);
	}

	public long count(Outcome outcome) {
		return this.exchanges.stream().filter((exchange) -> exchange.outcome() == outcome).count();
	}

	/**
	 * How many requests each process answered well.
	 * @return the numbers by pid
	 */
	public Map<Long, Long> answers() {
		return this.exchanges.stream()
			.filter((exchange) -> exchange.outcome() == Outcome.OK)
			.collect(Collectors.groupingBy(Exchange::pid, TreeMap::new, Collectors.counting()));
	}

	/**
	 * How many times more requests the busiest process answered than the idlest.
	 * @return the ratio, from 1
	 */
	public double ratio() {
		Collection<Long> counts = answers().values();
		return counts.stream().mapToDouble(Long::doubleValue).max().orElse(0)
				/ counts.stream().mapToDouble(Long::doubleValue).min().orElse(1);
	}

	/**
	 * Fail, with the table, if a request failed.
	 * @return this
	 */
	public LoadResult assertNoFailures() {
		return assertNoFailuresBut();
	}

	/**
	 * Fail, with the table, if a request failed in another way than those allowed.
	 * @param allowed the failures allowed
	 * @return this
	 */
	public LoadResult assertNoFailuresBut(Outcome... allowed) {
		List<Outcome> accepted = List.of(allowed);
		assertThat(this.exchanges).as(this::table)
			.filteredOn((exchange) -> exchange.outcome().isFailure() && !accepted.contains(exchange.outcome()))
			.isEmpty();
		return this;
	}

	/**
	 * Fail, with the table, unless exactly these processes answered.
	 * @param pids the processes
	 * @return this
	 */
	public LoadResult assertAnsweredBy(Collection<Long> pids) {
		assertThat(answers().keySet()).as(this::table).containsExactlyInAnyOrderElementsOf(pids);
		return this;
	}

	/**
	 * The fates as a table: by outcome, by process, and examples of failures.
	 * @return the table
	 */
	public String table() {
		StringBuilder table = new StringBuilder("%n%d requests%n".formatted(this.exchanges.size()));
		Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
		for (Outcome outcome : Outcome.values()) {
			outcomes.put(outcome, count(outcome));
		}
		outcomes.forEach((outcome, count) -> table.append("  %-12s %6d%n".formatted(outcome, count)));
		answers().forEach((pid, count) -> table.append("  by pid %-8d %3d%n".formatted(pid, count)));
		table.append("  time ms: median %d, 99%% %d, longest %d%n".formatted(percentile(0.5), percentile(0.99),
				percentile(1)));
		this.exchanges.stream()
			.filter((exchange) -> exchange.outcome().isFailure())
			.limit(10)
			.forEach((exchange) -> table.append("  ").append(describe(exchange)));
		return table.toString();
	}

	private String describe(Exchange exchange) {
		long first = this.exchanges.stream().mapToLong(Exchange::start).min().orElse(0);
		return "%s at %d ms, after %d ms, on a %s connection: %s%n".formatted(exchange.outcome(),
				Duration.ofNanos(exchange.start() - first).toMillis(), exchange.duration().toMillis(),
				exchange.fresh() ? "new" : "kept", exchange.detail());
	}

	/**
	 * The time within which a share of the requests was answered or failed.
	 * @param share the share, from 0 to 1
	 * @return the time in milliseconds
	 */
	public long percentile(double share) {
		List<Duration> durations = this.exchanges.stream()
			.map(Exchange::duration)
			.sorted(Comparator.naturalOrder())
			.toList();
		if (durations.isEmpty()) {
			return 0;
		}
		int index = (int) Math.ceil(share * durations.size()) - 1;
		return durations.get(Math.max(0, index)).toMillis();
	}

	/**
	 * One request and what became of it.
	 *
	 * @param start when it was begun, before connecting, in nanoseconds
	 * @param end when it was answered or failed, in nanoseconds
	 * @param peer the process that answered on its connection before, or 0 if it was the
	 * first of its connection
	 * @param outcome what became of it
	 * @param pid the process that answered, or 0
	 * @param closes whether the connection ends with it
	 * @param detail more about a failure
	 */
	public record Exchange(long start, long end, long peer, Outcome outcome, long pid, boolean closes, String detail) {

		/**
		 * Whether it was the first of its connection.
		 * @return whether nobody had answered on the connection before
		 */
		public boolean fresh() {
			return this.peer == 0;
		}

		public Duration duration() {
			return Duration.ofNanos(this.end - this.start);
		}

	}

	/**
	 * What can become of a request.
	 */
	public enum Outcome {

		/**
		 * The right answer.
		 */
		OK,

		/**
		 * Nobody listened.
		 */
		REFUSED,

		/**
		 * The connection was reset, or ended before the answer was complete.
		 */
		RESET,

		/**
		 * No answer in time.
		 */
		TIMED_OUT,

		/**
		 * A status other than 200.
		 */
		BAD_STATUS,

		/**
		 * A body that does not match.
		 */
		WRONG_BODY,

		/**
		 * Pipelined behind a request whose answer ended the connection.
		 */
		LOST_PIPELINED,

		/**
		 * A WebSocket was closed in another way than by a server that goes away.
		 */
		BAD_CLOSE,

		/**
		 * Not processed, as the server said in the way of the protocol: to be sent again
		 * on another connection. No failure.
		 */
		TURNED_AWAY,

		/**
		 * The server ended a session, a WebSocket or a stream of events, in good order.
		 * No failure.
		 */
		ENDED;

		/**
		 * Whether a client has to complain about it.
		 * @return whether the request failed
		 */
		public boolean isFailure() {
			return this != OK && this != TURNED_AWAY && this != ENDED;
		}

	}

}
