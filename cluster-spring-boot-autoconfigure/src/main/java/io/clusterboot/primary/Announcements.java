package io.clusterboot.primary;

import java.util.Comparator;
import java.util.List;

import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.WorkerState;

/**
 * Tells all workers what happens, and who is there, and the application's listeners in
 * this process what happens. Belongs to the supervisor's thread.
 */
final class Announcements {

	private final Slots slots;

	private final PrimaryListeners listeners;

	private List<MemberDescription> members = List.of();

	Announcements(Slots slots, PrimaryListeners listeners) {
		this.slots = slots;
		this.listeners = listeners;
	}

	static MemberDescription describe(WorkerHandle worker) {
		return new MemberDescription(worker.id(), worker.index(), worker.pid(), worker.state());
	}

	/**
	 * A worker can be told something from now on.
	 * @param worker the worker
	 */
	void joined(WorkerHandle worker) {
		tellMembers();
		worker.send(new FromPrimary.Members(this.members));
		happened(new Occurrence.Online(describe(worker)));
	}

	/**
	 * Tell what has happened, and before that what it has changed.
	 * @param occurrence what
	 */
	void happened(Occurrence occurrence) {
		tellMembers();
		tellAll(new FromPrimary.Happened(occurrence));
		this.listeners.happened(occurrence);
	}

	/**
	 * Tell who is there, if that has changed.
	 */
	void tellMembers() {
		List<MemberDescription> now = this.slots.workers()
			.filter((worker) -> worker.state() != WorkerState.STOPPED)
			.map(Announcements::describe)
			.sorted(Comparator.comparingInt(MemberDescription::index).thenComparingInt(MemberDescription::id))
			.toList();
		if (!now.equals(this.members)) {
			this.members = now;
			tellAll(new FromPrimary.Members(now));
		}
	}

	private void tellAll(FromPrimary message) {
		this.slots.workers().forEach((worker) -> worker.send(message));
	}

}
