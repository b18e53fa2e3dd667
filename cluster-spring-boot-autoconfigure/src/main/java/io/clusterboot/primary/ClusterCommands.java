package io.clusterboot.primary;

import java.util.function.LongSupplier;

import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.Refusal;
import io.clusterboot.protocol.ReloadDescription;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what users ask of the cluster, in the order in which it comes, or says why
 * not.
 */
final class ClusterCommands {

	private static final Log logger = LogFactory.getLog(ClusterCommands.class);

	private static final EventLog eventLog = EventLog.of(ClusterCommands.class);

	private final int mostWorkers;

	private final Slots slots;

	private final Rollouts rollouts;

	private final Departures departures;

	private final Announcements announcements;

	private final LongSupplier clock;

	ClusterCommands(int mostWorkers, Slots slots, Rollouts rollouts, Departures departures, Announcements announcements,
			LongSupplier clock) {
		this.mostWorkers = mostWorkers;
		this.slots = slots;
		this.rollouts = rollouts;
		this.departures = departures;
		this.announcements = announcements;
		this.clock = clock;
	}

	/**
	 * Carry out a worker's command.
	 * @param worker the worker
	 * @param request the command
	 * @return what to tell the worker
	 * @throws RefusedException if it is not carried out
	 */
	FromPrimary answer(WorkerHandle worker, FromWorker.Command request) {
		ReloadDescription reload = execute(worker, request.command());
		return new FromPrimary.Accepted(request.exchange(), reload, this.slots.configured());
	}

	private @Nullable ReloadDescription execute(WorkerHandle worker, ClusterCommand command) {
		if (command instanceof ClusterCommand.Reload reload) {
			return reload(reload.trigger(), worker).describe();
		}
		if (command instanceof ClusterCommand.Restart restart) {
			return restart(restart.id(), restart.trigger()).describe();
		}
		if (command instanceof ClusterCommand.Abort) {
			return abort().describe();
		}
		if (command instanceof ClusterCommand.Scale scale) {
			scale(scale.workers());
		}
		return null;
	}

	/**
	 * Replace all workers.
	 * @param trigger who asks
	 * @param askedForIn the worker in which it was asked for, if it was one
	 * @return the reload
	 */
	Rollout reload(String trigger, @Nullable WorkerHandle askedForIn) {
		return this.rollouts.reload(trigger, askedForIn, this.clock.getAsLong());
	}

	private Rollout restart(int id, String trigger) {
		WorkerHandle worker = this.slots.workers()
			.filter((candidate) -> candidate.id() == id)
			.findAny()
			.orElseThrow(() -> new RefusedException(Refusal.UNKNOWN_WORKER, "There is no worker with the id " + id));
		if (!worker.isStaying() || this.rollouts.isAboutOrWaitsFor(worker)) {
			throw new RefusedException(Refusal.CONFLICT, worker + " leaves or is about to be replaced already");
		}
		return this.rollouts.restart(worker, trigger, this.clock.getAsLong());
	}

	private Rollout abort() {
		Rollout aborted = this.rollouts.abort(this.clock.getAsLong());
		if (aborted == null) {
			throw new RefusedException(Refusal.CONFLICT, "No reload or restart is under way");
		}
		eventLog.event("reload-aborted").rollout(aborted).info("%s ends after its current step".formatted(aborted));
		return aborted;
	}

	/**
	 * Change the number of workers.
	 * @param workers the number that there should be
	 * @throws RefusedException if there cannot be that many
	 */
	void scale(int workers) {
		if (workers < 1 || workers > this.mostWorkers) {
			throw new RefusedException(Refusal.OUT_OF_RANGE,
					"The number of workers has to be from 1 to %d (cluster.max-workers), but is %d"
						.formatted(this.mostWorkers, workers));
		}
		if (workers == this.slots.configured()) {
			return;
		}
		eventLog.event("scaled")
			.with("workers", workers)
			.info("From %d to %d workers".formatted(this.slots.configured(), workers));
		if (workers > this.slots.configured()) {
			WorkerCommand command = this.slots.generation().build().command();
			command.notesOnGrowth(this.slots.configured(), workers).forEach(logger::info);
			command.warnings(workers).forEach(logger::warn);
		}
		this.announcements.happened(new Occurrence.Scaled(this.slots.configured(), workers));
		long now = this.clock.getAsLong();
		for (Slot surplus : this.slots.resize(workers, now, (index) -> this.rollouts.added(index, now))) {
			this.rollouts.removed(surplus.index(), now);
			surplus.workers()
				.forEach((worker) -> this.departures.disconnect(worker, "the cluster is smaller now", now));
		}
	}

}
