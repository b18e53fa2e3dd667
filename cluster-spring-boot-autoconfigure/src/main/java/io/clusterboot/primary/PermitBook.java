package io.clusterboot.primary;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import io.clusterboot.protocol.Verdict;

/**
 * Who runs what must not run twice at the same time, and what has been done once and for
 * all. Pure.
 * <p>
 * A permit ends when its holder gives it back or has exited: a worker that cannot be
 * heard any more may still be running. It is known by the number of the request for it,
 * since a worker that has not been answered in time gives back what it may not have got.
 */
final class PermitBook {

	private final Map<String, Permit> permits = new HashMap<>();

	private final Set<String> done = new HashSet<>();

	/**
	 * A permit that has been granted.
	 *
	 * @param worker id of its holder
	 * @param number its number
	 */
	private record Permit(int worker, long number) {
	}

	/**
	 * The leader wants to run something.
	 * @param name what
	 * @param worker id of the leader
	 * @param number number of its request
	 * @return whether it may
	 */
	Verdict acquire(String name, int worker, long number) {
		if (this.done.contains(name)) {
			return Verdict.DONE;
		}
		return (this.permits.putIfAbsent(name, new Permit(worker, number)) == null) ? Verdict.GRANTED : Verdict.REFUSED;
	}

	/**
	 * A worker gives a permit back, if it has it.
	 * @param name what it ran
	 * @param worker its id
	 * @param number number of its request
	 * @return whether it had it
	 */
	boolean release(String name, int worker, long number) {
		return this.permits.remove(name, new Permit(worker, number));
	}

	/**
	 * A worker has run something that nobody has to run again.
	 * @param name what it ran
	 * @param worker its id
	 * @param number number of its request
	 */
	void completed(String name, int worker, long number) {
		if (release(name, worker, number)) {
			this.done.add(name);
		}
	}

	/**
	 * A worker has exited, and runs nothing any more.
	 * @param worker its id
	 */
	void exited(int worker) {
		this.permits.values().removeIf((permit) -> permit.worker() == worker);
	}

}
