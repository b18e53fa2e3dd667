package io.clusterboot.worker;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.MemberDescription;

/**
 * What this worker knows of its cluster, as the primary has told it.
 * <p>
 * Thread-safe.
 */
public final class ClusterNews {

	/** Number of events that may wait for the application to start, or to listen. */
	private static final int CAPACITY = 1024;

	private final LeaderRole leaderRole = new LeaderRole();

	private final OccurrenceQueue occurrences = new OccurrenceQueue(CAPACITY);

	private final List<Consumer<ClusterStatistics>> statisticsListeners = new CopyOnWriteArrayList<>();

	private volatile List<MemberDescription> members = List.of();

	private volatile ClusterStatistics statistics = ClusterStatistics.NONE;

	/**
	 * The workers that live.
	 * @return the workers, by index and id; none before the primary has told
	 */
	public List<MemberDescription> members() {
		return this.members;
	}

	/**
	 * Whether this worker is the leader.
	 * @return whether it is, which can change at any time
	 */
	public boolean isLeader() {
		return this.leaderRole.isHeld();
	}

	/**
	 * What has happened.
	 * @return the queue
	 */
	public OccurrenceQueue occurrences() {
		return this.occurrences;
	}

	/**
	 * What the primary has counted, at most a second ago while something changes.
	 * @return the statistics; {@link ClusterStatistics#NONE} before the primary has told
	 */
	public ClusterStatistics statistics() {
		return this.statistics;
	}

	/**
	 * Be told of statistics, now and when they change.
	 * @param listener is called by the thread that reads the link, which must not be held
	 * up
	 */
	public void onStatistics(Consumer<ClusterStatistics> listener) {
		this.statisticsListeners.add(listener);
		listener.accept(this.statistics);
	}

	LeaderRole leaderRole() {
		return this.leaderRole;
	}

	/**
	 * The primary has told something.
	 * @param news what
	 */
	public void received(FromPrimary.News news) {
		if (news instanceof FromPrimary.Appointed appointed) {
			this.leaderRole.appointed(appointed.stateChanges());
		}
		else if (news instanceof FromPrimary.Members told) {
			this.members = told.members();
		}
		else if (news instanceof FromPrimary.Counted counted) {
			this.statistics = counted.statistics();
			this.statisticsListeners.forEach((listener) -> listener.accept(counted.statistics()));
		}
		else if (news instanceof FromPrimary.Happened happened) {
			this.occurrences.add(happened.occurrence());
		}
	}

}
