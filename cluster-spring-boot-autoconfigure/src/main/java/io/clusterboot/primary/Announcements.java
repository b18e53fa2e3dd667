package io.clusterboot.primary;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;

import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.PastEvent;
import io.clusterboot.protocol.WorkerState;

/**
 * Tells all workers what happens, and who is there, and the application's listeners in
 * this process what happens. Belongs to the supervisor's thread.
 */
final class Announcements {

	/** Time between two tellings of what is counted, in nanoseconds. */
	private static final long STATISTICS_INTERVAL = Duration.ofSeconds(1).toNanos();

	private final Slots slots;

	private final PrimaryListeners listeners;

	private List<MemberDescription> members = List.of();

	private final RecentEvents recent = new RecentEvents();

	private ClusterStatistics statistics = ClusterStatistics.NONE;

	private long statisticsTold;

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
		worker.send(new FromPrimary.Counted(this.statistics));
		happened(new Occurrence.Online(describe(worker)));
	}

	/**
	 * Tell what has happened, and before that what it has changed.
	 * @param occurrence what
	 */
	void happened(Occurrence occurrence) {
		happened(occurrence, "");
	}

	/**
	 * Tell what has happened, and remember why.
	 * @param occurrence what
	 * @param reason why, in words
	 */
	void happened(Occurrence occurrence, String reason) {
		this.recent.add(occurrence, reason);
		tellMembers();
		tellAll(new FromPrimary.Happened(occurrence));
		this.listeners.happened(occurrence);
	}

	/**
	 * What has happened last.
	 * @return the events, oldest first
	 */
	List<PastEvent> recentEvents() {
		return this.recent.list();
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

	/**
	 * Tell what has been counted, if that has changed and was not told just before.
	 * @param now what has been counted
	 * @param time the time
	 */
	void tellStatistics(ClusterStatistics now, long time) {
		if (!now.equals(this.statistics) && time - this.statisticsTold >= STATISTICS_INTERVAL) {
			this.statistics = now;
			this.statisticsTold = time;
			tellAll(new FromPrimary.Counted(now));
		}
	}

	private void tellAll(FromPrimary message) {
		this.slots.workers().forEach((worker) -> worker.send(message));
	}

}
