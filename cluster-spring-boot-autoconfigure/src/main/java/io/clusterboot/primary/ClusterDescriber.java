package io.clusterboot.primary;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterDescription.PrimaryDescription;
import io.clusterboot.protocol.ClusterDescription.WorkerDescription;
import io.clusterboot.protocol.WorkerLoad;
import io.clusterboot.redis.RedisServer;

/**
 * Describes the cluster to those who ask.
 */
final class ClusterDescriber {

	private final Slots slots;

	private final HandleRegistry handles;

	private final Rollouts rollouts;

	private final Dispatcher dispatcher;

	private final RedisServer redis;

	private final Instant startedAt = Instant.now();

	private final long started;

	ClusterDescriber(Slots slots, HandleRegistry handles, Rollouts rollouts, Dispatcher dispatcher, RedisServer redis,
			long now) {
		this.slots = slots;
		this.handles = handles;
		this.rollouts = rollouts;
		this.dispatcher = dispatcher;
		this.redis = redis;
		this.started = now;
	}

	ClusterDescription describe(long now) {
		List<WorkerDescription> workers = this.slots.all()
			.stream()
			.flatMap((slot) -> slot.described().stream().map((worker) -> describe(slot, worker, now)))
			.sorted(Comparator.comparingInt(WorkerDescription::index).thenComparingInt(WorkerDescription::id))
			.toList();
		PrimaryDescription primary = new PrimaryDescription(ProcessHandle.current().pid(), this.startedAt,
				Duration.ofNanos(now - this.started));
		return new ClusterDescription(primary, this.slots.configured(), this.slots.ready(), this.handles.listeners(),
				builds(), this.rollouts.describe(), this.dispatcher.handOvers(), workers, this.redis.describe());
	}

	private List<String> builds() {
		return this.slots.workers()
			.sorted(Comparator.comparingInt(WorkerHandle::generation))
			.map((worker) -> worker.build().id())
			.filter(Objects::nonNull)
			.distinct()
			.toList();
	}

	private WorkerDescription describe(Slot slot, WorkerHandle worker, long now) {
		return new WorkerDescription(worker.id(), worker.index(), worker.pid(), worker.state(), worker.generation(),
				worker.build().id(), worker.startedAt(), worker.readyAt(), worker.age(now), slot.restarts(),
				slot.lastExit(), load(worker));
	}

	/**
	 * What selectors decide by is newer than the last heartbeat.
	 */
	private WorkerLoad load(WorkerHandle worker) {
		Busyness busyness = this.dispatcher.busyness(worker.id());
		return (busyness != null) ? worker.load().with(busyness) : worker.load();
	}

}
