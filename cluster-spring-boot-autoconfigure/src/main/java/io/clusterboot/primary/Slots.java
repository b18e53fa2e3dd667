package io.clusterboot.primary;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.clusterboot.launch.Build;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The indexes of the cluster: as many as there should be workers, and those that it is
 * about to be without as long as their workers are leaving.
 */
final class Slots {

	private final NavigableMap<Integer, Slot> slots = new TreeMap<>();

	private Generation generation;

	private int configured;

	Slots(Generation generation) {
		this.generation = generation;
	}

	/**
	 * The number of workers that there should be.
	 * @return the number
	 */
	int configured() {
		return this.configured;
	}

	/**
	 * What workers of new indexes run.
	 * @return the generation of the last reload that succeeded, or of the start
	 */
	Generation generation() {
		return this.generation;
	}

	void generation(Generation generation) {
		this.generation = generation;
	}

	List<Slot> all() {
		return List.copyOf(this.slots.values());
	}

	@Nullable Slot at(int index) {
		return this.slots.get(index);
	}

	Slot of(WorkerHandle worker) {
		Slot slot = this.slots.get(worker.index());
		Assert.state(slot != null, "An index lives as long as its workers");
		return slot;
	}

	Stream<WorkerHandle> workers() {
		return all().stream().flatMap((slot) -> List.copyOf(slot.workers()).stream());
	}

	boolean hasWorkers() {
		return workers().findAny().isPresent();
	}

	/**
	 * The number of indexes with a worker that accepts connections. While a worker and
	 * its replacement both do, they are one.
	 * @return the number
	 */
	int ready() {
		return (int) workers().filter((worker) -> worker.state() == WorkerState.READY)
			.map(WorkerHandle::index)
			.distinct()
			.count();
	}

	/**
	 * What waits to be sent to workers.
	 * @return the number of messages, by the index of those whom they are for
	 */
	Map<Integer, Integer> backlogs() {
		return workers()
			.collect(Collectors.groupingBy(WorkerHandle::index, Collectors.summingInt(WorkerHandle::backlog)));
	}

	/**
	 * What workers run, or may run when they are replaced.
	 * @return the builds
	 */
	List<Build> builds() {
		Stream<Build> settled = all().stream().map((slot) -> slot.generation().build());
		Stream<Build> running = workers().map(WorkerHandle::build);
		return Stream.concat(Stream.of(this.generation.build()), Stream.concat(settled, running)).distinct().toList();
	}

	/**
	 * Change the number of indexes.
	 * @param workers the number that there should be
	 * @param now the time
	 * @param added gets each index that is new
	 * @return the indexes that there are too many, whose workers have to leave
	 */
	List<Slot> resize(int workers, long now, IntConsumer added) {
		this.configured = workers;
		for (int index = 0; index < workers; index++) {
			Slot slot = this.slots.get(index);
			if (slot == null) {
				this.slots.put(index, new Slot(index, this.generation, now));
				added.accept(index);
			}
			else if (!slot.isWanted()) {
				slot.takeBack(this.generation);
				added.accept(index);
			}
		}
		List<Slot> surplus = List.copyOf(this.slots.tailMap(workers, true).values());
		surplus.forEach(Slot::giveUp);
		removeEmpty();
		return surplus;
	}

	/**
	 * Forget indexes that are not wanted any more once their workers are gone.
	 */
	void removeEmpty() {
		this.slots.values().removeIf((slot) -> !slot.isWanted() && slot.workers().isEmpty());
	}

}
