package io.clusterboot.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.clusterboot.it.LoadResult.Exchange;
import io.clusterboot.it.LoadResult.Outcome;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What became of all requests while workers were replaced, and who answered them.
 *
 * @param kinds the fates of the requests by kind of client
 * @param handOvers the replacements, in order
 * @param duration how long it took
 */
record LoadReport(Map<String, LoadResult> kinds, List<HandOver> handOvers, Duration duration) {

	private static final int EXAMPLES = 30;

	/**
	 * Fail, with the table, if a request failed, or if a kind of client was not answered
	 * at all.
	 */
	LoadReport assertNoFailures() {
		assertThat(failures()).as(this::table).isZero();
		assertThat(this.kinds.values()).as(this::table).allMatch((result) -> result.count(Outcome.OK) > 0);
		return this;
	}

	/**
	 * Fail unless each worker answered when it was its turn: the former ones what was
	 * begun before they were replaced, their successors whatever was begun afterwards.
	 * Only on connections that a former worker had already accepted may it answer after
	 * that.
	 * @param first the workers before the first replacement
	 */
	LoadReport assertAnsweredInTurn(Set<Long> first) {
		Set<Long> known = new TreeSet<>(first);
		for (HandOver handOver : this.handOvers) {
			known.addAll(handOver.successors());
			assertThat(answers(handOver::isTooEarly))
				.as("answers by successors to what was begun before the %s", handOver)
				.isZero();
			assertThat(answers(handOver::isTooLate)).as("answers by former workers after the %s", handOver).isZero();
		}
		assertThat(all().answers().keySet()).as(this::table).isEqualTo(known);
		return this;
	}

	/**
	 * Fail, with the table, if a worker ended a session or turned one away: one that
	 * leaves has the time to wait for its clients.
	 * @param kind the kind of client that holds sessions
	 */
	LoadReport assertSessionsKept(String kind) {
		assertThat(this.kinds.get(kind).exchanges()).as(this::table)
			.extracting(Exchange::outcome)
			.containsOnly(Outcome.OK);
		return this;
	}

	/**
	 * Fail, with the table, if a client has lost its connection.
	 * @param kind the kind of client
	 * @param clients number of clients
	 */
	LoadReport assertConnectionsKept(String kind, int clients) {
		assertThat(this.kinds.get(kind).exchanges()).as(this::table).noneMatch(Exchange::closes);
		assertThat(this.kinds.get(kind).exchanges()).as(this::table).filteredOn(Exchange::fresh).hasSize(clients);
		return this;
	}

	private long answers(Predicate<Exchange> condition) {
		return all().only(condition).count(Outcome.OK);
	}

	private int failures() {
		return all().only((exchange) -> exchange.outcome().isFailure()).exchanges().size();
	}

	private LoadResult all() {
		return new LoadResult(this.kinds.values().stream().flatMap((result) -> result.exchanges().stream()).toList());
	}

	/**
	 * The fates by kind of client and outcome, and examples of failures. As answered by
	 * former workers count requests that were begun when these were replaced already, on
	 * connections that they had accepted before.
	 */
	String table() {
		StringBuilder table = new StringBuilder("%n%-28s".formatted("number of requests"));
		for (Outcome outcome : Outcome.values()) {
			table.append(" %14s".formatted(outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ')));
		}
		table.append(" %8s %8s %8s%n".formatted("former", "p99 ms", "longest"));
		this.kinds.forEach((kind, result) -> table.append(row(kind, result)));
		table.append(row("all", all()));
		table.append("%d failures of %d requests in %d s with %d replacements%n".formatted(failures(),
				all().exchanges().size(), this.duration.toSeconds(), this.handOvers.size()));
		return table.append(String.join("", examples())).toString();
	}

	private String row(String kind, LoadResult result) {
		return "%-28s%s %8d %8d %8d%n".formatted(kind,
				Arrays.stream(Outcome.values())
					.map((outcome) -> " %14d".formatted(result.count(outcome)))
					.collect(Collectors.joining()),
				answersByFormer(result), result.percentile(0.99), result.percentile(1));
	}

	private long answersByFormer(LoadResult result) {
		return this.handOvers.stream()
			.mapToLong((handOver) -> result.only(handOver::isByFormer).count(Outcome.OK))
			.sum();
	}

	private List<String> examples() {
		List<String> examples = new ArrayList<>();
		this.kinds.forEach((kind, result) -> result.only((exchange) -> exchange.outcome().isFailure())
			.exchanges()
			.stream()
			.limit(EXAMPLES)
			.forEach((failure) -> examples.add("%s: %s after %d ms on a %s connection to %d%s: %s%n".formatted(kind,
					failure.outcome(), failure.duration().toMillis(), failure.fresh() ? "new" : "kept", failure.peer(),
					moment(failure), failure.detail()))));
		return examples;
	}

	private String moment(Exchange failure) {
		return this.handOvers.stream()
			.filter((handOver) -> failure.end() - handOver.begun() > 0)
			.reduce((earlier, later) -> later)
			.map((handOver) -> ", begun %d ms and ended %d ms after the beginning of %s".formatted(
					Duration.ofNanos(failure.start() - handOver.begun()).toMillis(),
					Duration.ofNanos(failure.end() - handOver.begun()).toMillis(), handOver))
			.orElse("");
	}

	/**
	 * The replacement of workers.
	 *
	 * @param name what was done
	 * @param begun when, before it was asked for
	 * @param done when it was known to be done
	 * @param former the workers that have been replaced
	 * @param successors those that have taken their places
	 */
	record HandOver(String name, long begun, long done, Set<Long> former, Set<Long> successors) {

		boolean isTooEarly(Exchange answer) {
			return answer.start() - this.begun < 0 && this.successors.contains(answer.pid());
		}

		boolean isTooLate(Exchange answer) {
			return isByFormer(answer) && answer.peer() != answer.pid();
		}

		boolean isByFormer(Exchange answer) {
			return answer.start() - this.done > 0 && this.former.contains(answer.pid());
		}

		@Override
		public String toString() {
			return "%s (%s by %s in %d ms)".formatted(this.name, this.former, this.successors,
					Duration.ofNanos(this.done - this.begun).toMillis());
		}

	}

}
