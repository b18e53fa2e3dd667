package io.clusterboot.primary;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

import io.clusterboot.launch.Build;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.ReloadDescription.Failure;
import io.clusterboot.protocol.ReloadDescription.State;

/**
 * Carries out what reloads command, on the workers.
 */
final class ReloadCrew implements Rollouts.Crew {

	private static final EventLog eventLog = EventLog.of(ReloadCrew.class);

	private final BuildSource builds;

	private final Slots slots;

	private final Departures departures;

	private final RestartPolicy restartPolicy;

	private final ServiceReport serviceReport;

	private final Announcements announcements;

	private final Statistics statistics;

	private final LongSupplier clock;

	private final Executor loop;

	/**
	 * Create a crew.
	 * @param builds knows what the application's files are
	 * @param slots the indexes
	 * @param departures sees off workers that have been replaced
	 * @param restartPolicy tells when a replacement that failed is tried again
	 * @param serviceReport is told of reloads
	 * @param announcements tells the workers of reloads
	 * @param statistics counts what has been replaced
	 * @param clock the time
	 * @param loop runs things on the supervisor's thread
	 */
	ReloadCrew(BuildSource builds, Slots slots, Departures departures, RestartPolicy restartPolicy,
			ServiceReport serviceReport, Announcements announcements, Statistics statistics, LongSupplier clock,
			Executor loop) {
		this.builds = builds;
		this.slots = slots;
		this.departures = departures;
		this.restartPolicy = restartPolicy;
		this.serviceReport = serviceReport;
		this.announcements = announcements;
		this.statistics = statistics;
		this.clock = clock;
		this.loop = loop;
	}

	@Override
	public void prepare(Rollout rollout, Rollouts rollouts) {
		eventLog.event("reload-started").rollout(rollout).info("%s begins".formatted(rollout));
		this.serviceReport.reloading(rollout.toString());
		this.announcements.happened(new Occurrence.ReloadStarted(rollout.describe()));
		this.builds.prepare((build) -> this.loop.execute(() -> prepared(rollout, rollouts, build)),
				(reason) -> this.loop.execute(() -> rollouts.cannotPrepare(rollout, reason, this.clock.getAsLong())));
	}

	private void prepared(Rollout rollout, Rollouts rollouts, Build build) {
		List<Integer> indexes = this.slots.all().stream().filter(Slot::isWanted).map(Slot::index).toList();
		rollouts.prepared(rollout, new Generation(rollout.number(), build), indexes, this.clock.getAsLong());
	}

	@Override
	public void start(int index, Rollout rollout) {
		Slot slot = this.slots.at(index);
		if (slot != null) {
			if (rollout.generation() != null) {
				slot.forgive(this.clock.getAsLong());
			}
			slot.replace(rollout.generation(), rollout.toString());
		}
	}

	@Override
	public boolean retire(int index, Rollout rollout) {
		Slot slot = this.slots.at(index);
		List<WorkerHandle> replaced = (slot != null) ? slot.settle() : List.of();
		replaced.forEach((worker) -> {
			this.statistics.restarted(rollout.kind().restartReason());
			this.departures.disconnect(worker, worker.reason(), this.clock.getAsLong());
		});
		return !replaced.isEmpty();
	}

	@Override
	public void discard(int index) {
		Slot slot = this.slots.at(index);
		if (slot != null) {
			slot.revert()
				.forEach((worker) -> this.departures.disconnect(worker, "it has not proved itself",
						this.clock.getAsLong()));
		}
	}

	@Override
	public void over(Rollout rollout) {
		Failure failure = rollout.reload().failure();
		EventLog.Event event = eventLog.event("reload-finished")
			.rollout(rollout)
			.with("reload.duration_ms", rollout.duration().toMillis())
			.with("reason", (failure != null) ? failure.reason() : null);
		if (failure != null && rollout.reload().state() == State.ABORTED) {
			event.info("%s is over before it is done: %s".formatted(rollout, failure.reason()));
			backOff(rollout);
		}
		else if (failure != null) {
			event.error(
					"%s FAILED: %s. The workers that were to be replaced go on".formatted(rollout, failure.reason()));
			backOff(rollout);
		}
		else {
			event.info("%s is done after %s".formatted(rollout, Text.seconds(rollout.duration())));
			if (rollout.generation() != null) {
				this.slots.generation(rollout.generation());
			}
		}
		this.builds.retain(this.slots.builds());
		if (rollout.kind() == Rollout.Kind.RELOAD && rollout.hasBegun()) {
			this.statistics.reloaded(rollout.reload().state(), rollout.duration());
			this.serviceReport.reloaded("%s %s".formatted(rollout, rollout.reload().state()));
			this.announcements.happened(new Occurrence.ReloadFinished(rollout.describe()));
		}
	}

	/**
	 * A worker that has a reason to be replaced goes on having it.
	 */
	private void backOff(Rollout rollout) {
		WorkerHandle target = rollout.target();
		Slot slot = (target != null) ? this.slots.at(target.index()) : null;
		if (slot != null && rollout.kind() != Rollout.Kind.RESTART) {
			slot.backOff(this.restartPolicy, this.clock.getAsLong());
		}
	}

}
