package io.clusterboot.primary;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * Decides which worker is the leader: exactly one of those that are ready, and never two
 * at the same time. Pure.
 * <p>
 * A worker renounces by itself as soon as it is not ready any more, before it tells the
 * primary, or when it loses its link. So another one is appointed only after the primary
 * has been told so, or after the process has exited. An appointment may meet a worker
 * that has been away and is back; it carries the number of state changes that the primary
 * knew of, and the worker believes none that is too low.
 */
final class Leadership {

	private static final Comparator<Candidate> PREFERRED = Comparator.comparing(Candidate::fitness)
		.thenComparing(Comparator.comparingInt(Candidate::generation).reversed())
		.thenComparing(Comparator.comparing(Candidate::readyFor).reversed())
		.thenComparing(Candidate::id);

	private @Nullable Candidate leader;

	/**
	 * How good a leader a worker would be, best first.
	 */
	enum Fitness {

		/**
		 * It is there to stay, as far as is known.
		 */
		STAYS,

		/**
		 * It may be replaced soon, or be discarded as a replacement.
		 */
		MAY_LEAVE,

		/**
		 * It has been told to leave or cannot be told anything.
		 */
		NONE

	}

	/**
	 * A worker that lives.
	 *
	 * @param id its id
	 * @param ready whether it is ready
	 * @param stateChanges how often it has told a new state
	 * @param fitness how good a leader it would be
	 * @param generation its generation: during a reload, those of a former one have to
	 * leave
	 * @param readyFor time since it was first ready
	 */
	record Candidate(int id, boolean ready, long stateChanges, Fitness fitness, int generation, Duration readyFor) {
	}

	/**
	 * Whether a worker is the leader, unless it has renounced and not been heard yet.
	 * @param id its id
	 * @return whether it is
	 */
	boolean isLeader(int id) {
		return this.leader != null && this.leader.id() == id;
	}

	/**
	 * Look at the workers and appoint a leader if there is none.
	 * @param workers all workers that live
	 * @return who has to be told that it is the leader now, if that is so
	 */
	Optional<Candidate> appoint(Collection<Candidate> workers) {
		Candidate current = this.leader;
		if (current != null && workers.stream().anyMatch((worker) -> isInOffice(worker, current))) {
			return Optional.empty();
		}
		Optional<Candidate> next = workers.stream()
			.filter((worker) -> worker.ready() && worker.fitness() != Fitness.NONE)
			.min(PREFERRED);
		this.leader = next.orElse(null);
		return next;
	}

	/**
	 * One that is ready, but has not always been since, has renounced.
	 */
	private static boolean isInOffice(Candidate worker, Candidate appointed) {
		return worker.id() == appointed.id() && worker.stateChanges() == appointed.stateChanges();
	}

}
