package io.clusterboot.metrics;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.ClusterStatistics.Reloads;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.RestartReason;
import org.jspecify.annotations.Nullable;

/**
 * A meter of what only the primary counts. It is the cluster's, and has the same value
 * wherever it is read.
 */
enum ClusterMeter {

	ACTIVE("cluster.workers.active", Kind.GAUGE, "workers", "Workers that accept connections", null,
			(statistics) -> single(statistics.activeWorkers())),

	CONFIGURED("cluster.workers.configured", Kind.GAUGE, "workers", "Workers that there should be", null,
			(statistics) -> single(statistics.configuredWorkers())),

	EXITS("cluster.worker.exits", Kind.COUNTER, "exits", "Processes of workers that have exited", null,
			(statistics) -> single(statistics.exits())),

	RESTARTS("cluster.worker.restarts", Kind.COUNTER, "restarts",
			"Workers that have been replaced, or are as soon as can be", "reason", ClusterMeter::restarts),

	RELOADS("cluster.reloads", Kind.COUNTER, "reloads", "Reloads whose outcome is known", "outcome",
			(statistics) -> reloads(statistics, Reloads::count)),

	RELOAD_DURATION("cluster.reload.duration", Kind.TIMER, "seconds",
			"Time from the beginning of a reload until its outcome is known", "outcome",
			(statistics) -> reloads(statistics, (reloads) -> seconds(reloads.duration()))),

	DISPATCHED("cluster.connections.dispatched", Kind.COUNTER, "connections",
			"Connections that workers have taken from the primary", "worker",
			(statistics) -> byIndex(statistics.dispatched())),

	HAND_OVERS("cluster.connections.hand.overs", Kind.COUNTER, "connections",
			"Connections that workers have handed over to others", "outcome", ClusterMeter::handOvers),

	WAITING("cluster.connections.waiting", Kind.GAUGE, "connections",
			"Connections that have been accepted, or are handed over, and that no worker has taken yet", null,
			(statistics) -> single(statistics.queues().connections())),

	BACKLOG("cluster.primary.backlog", Kind.GAUGE, "messages", "What waits to be sent to a worker", "worker",
			(statistics) -> byIndex(statistics.queues().messages()));

	/** In place of the value of a tag where there is no tag. */
	private static final String NO_TAG = "";

	private static final List<ReloadDescription.State> OUTCOMES = Arrays.stream(ReloadDescription.State.values())
		.filter(ReloadDescription.State::isFinal)
		.toList();

	private final String meterName;

	private final Kind kind;

	private final String unit;

	private final String description;

	private final @Nullable String tag;

	private final Function<ClusterStatistics, Map<String, Double>> values;

	ClusterMeter(String meterName, Kind kind, String unit, String description, @Nullable String tag,
			Function<ClusterStatistics, Map<String, Double>> values) {
		this.meterName = meterName;
		this.kind = kind;
		this.unit = unit;
		this.description = description;
		this.tag = tag;
		this.values = values;
	}

	/**
	 * What a meter does.
	 */
	enum Kind {

		/**
		 * Its value goes up and down.
		 */
		GAUGE,

		/**
		 * Its value only grows.
		 */
		COUNTER,

		/**
		 * Its value is the total time of what it counts, and only grows.
		 */
		TIMER

	}

	String meterName() {
		return this.meterName;
	}

	Kind kind() {
		return this.kind;
	}

	String unit() {
		return this.unit;
	}

	String description() {
		return this.description;
	}

	/**
	 * The key of the only tag.
	 * @return the key, or {@code null} if there is no tag
	 */
	@Nullable String tag() {
		return this.tag;
	}

	/**
	 * The values of the tag, each of which has a value of its own.
	 * @param statistics what has been counted
	 * @return the values of the tag; one that is empty if there is no tag
	 */
	Set<String> tagValues(ClusterStatistics statistics) {
		return Collections.unmodifiableSet(this.values.apply(statistics).keySet());
	}

	/**
	 * The value.
	 * @param statistics what has been counted
	 * @param tagValue for which value of the tag
	 * @return the value
	 */
	double value(ClusterStatistics statistics, String tagValue) {
		return this.values.apply(statistics).getOrDefault(tagValue, 0.0);
	}

	/**
	 * The number of what a timer has measured.
	 * @param statistics what has been counted
	 * @param tagValue for which value of the tag
	 * @return the number
	 */
	static long count(ClusterStatistics statistics, String tagValue) {
		return (long) RELOADS.value(statistics, tagValue);
	}

	/**
	 * The name of the family in Prometheus' formats, without what they append to it.
	 * @return the name, as Micrometer's convention has it
	 */
	String familyName() {
		String name = this.meterName.replace('.', '_');
		return name.endsWith("_" + this.unit) ? name : name + "_" + this.unit;
	}

	/**
	 * The names of all families.
	 * @return the names
	 */
	static Set<String> familyNames() {
		return Arrays.stream(values()).map(ClusterMeter::familyName).collect(Collectors.toUnmodifiableSet());
	}

	private static Map<String, Double> single(double value) {
		return Map.of(NO_TAG, value);
	}

	private static Map<String, Double> restarts(ClusterStatistics statistics) {
		Map<String, Double> values = new LinkedHashMap<>();
		for (RestartReason reason : RestartReason.values()) {
			values.put(tagValue(reason), (double) statistics.restarts(reason));
		}
		return values;
	}

	private static Map<String, Double> reloads(ClusterStatistics statistics, Function<Reloads, Number> value) {
		Map<String, Double> values = new LinkedHashMap<>();
		OUTCOMES.forEach(
				(outcome) -> values.put(tagValue(outcome), value.apply(statistics.reloads(outcome)).doubleValue()));
		return values;
	}

	private static Map<String, Double> byIndex(Map<Integer, ? extends Number> numbers) {
		Map<String, Double> values = new LinkedHashMap<>();
		new TreeMap<>(numbers).forEach((index, number) -> values.put(Integer.toString(index), number.doubleValue()));
		return values;
	}

	private static Map<String, Double> handOvers(ClusterStatistics statistics) {
		Map<String, Double> values = new LinkedHashMap<>();
		values.put("taken", (double) statistics.handOvers().handedOver());
		values.put("returned", (double) statistics.handOvers().returned());
		return values;
	}

	private static double seconds(Duration duration) {
		return duration.toNanos() / 1e9;
	}

	private static String tagValue(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
