package io.clusterboot.protocol;

import java.time.Instant;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A reload, or the restart of one worker, which is a reload of one index that changes
 * nothing.
 *
 * @param id number that only grows, shared by reloads and restarts; {@code null} if there
 * has been no reload
 * @param state where it is
 * @param trigger who asked for it
 * @param generation generation of the workers that it starts
 * @param step number of indexes that it has replaced or is replacing
 * @param of number of indexes that it is about
 * @param startedAt when it began, {@code null} while it waits
 * @param finishedAt when its outcome was known
 * @param failure what went wrong, if it is {@link State#FAILED} or {@link State#ABORTED}
 * @param waiting id of the reload that begins when this one is over, if there is one
 */
public record ReloadDescription(@JsonInclude @Nullable Integer id, State state, @JsonInclude @Nullable String trigger,
		int generation, int step, int of, @JsonInclude @Nullable Instant startedAt,
		@JsonInclude @Nullable Instant finishedAt, @JsonInclude @Nullable Failure failure,
		@JsonInclude @Nullable Integer waiting) {

	/**
	 * Describes a cluster that has not been reloaded.
	 * @param generation generation of its workers
	 * @return the description
	 */
	public static ReloadDescription none(int generation) {
		return new ReloadDescription(null, State.IDLE, null, generation, 0, 0, null, null, null, null);
	}

	/**
	 * The same reload, with another one behind it.
	 * @param waiting id of the other one
	 * @return the description
	 */
	public ReloadDescription withWaiting(@Nullable Integer waiting) {
		return new ReloadDescription(this.id, this.state, this.trigger, this.generation, this.step, this.of,
				this.startedAt, this.finishedAt, this.failure, waiting);
	}

	/**
	 * Where a reload is.
	 */
	public enum State {

		/**
		 * There has been none.
		 */
		IDLE,

		/**
		 * It begins when the one before it is over.
		 */
		WAITING,

		/**
		 * Workers are being replaced.
		 */
		ROLLING,

		/**
		 * All workers have been replaced, and those that leave accept nothing any more.
		 */
		DONE,

		/**
		 * A replacement failed. The worker that it was to replace serves on.
		 */
		FAILED,

		/**
		 * It was told to stop, or the cluster stopped.
		 */
		ABORTED;

		/**
		 * Whether the outcome is known.
		 * @return whether it will not change any more
		 */
		public boolean isFinal() {
			return this == DONE || this == FAILED || this == ABORTED;
		}

	}

	/**
	 * Why a reload has not replaced all workers.
	 *
	 * @param reason in words
	 * @param worker id of the replacement that failed, if it was one
	 * @param index index that was to be replaced, if it failed at one
	 * @param exitCode exit code of the replacement, if it exited
	 * @param output the last lines that the replacement printed
	 */
	public record Failure(String reason, @JsonInclude @Nullable Integer worker, @JsonInclude @Nullable Integer index,
			@JsonInclude @Nullable Integer exitCode, List<String> output) {

		/**
		 * A failure that is not a replacement's.
		 * @param reason in words
		 * @return the failure
		 */
		public static Failure of(String reason) {
			return new Failure(reason, null, null, null, List.of());
		}

	}

}
