package io.clusterboot.event;

import java.util.List;

import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.worker.ClusterNews;

/**
 * What this worker has been told.
 */
public final class WorkerClusterInfo implements ClusterInfo {

	private final WorkerIdentity identity;

	private final ClusterNews news;

	/**
	 * Create an info.
	 * @param identity who this worker is
	 * @param news what it knows of its cluster
	 */
	public WorkerClusterInfo(WorkerIdentity identity, ClusterNews news) {
		this.identity = identity;
		this.news = news;
	}

	@Override
	public int id() {
		return this.identity.id();
	}

	@Override
	public int index() {
		return this.identity.index();
	}

	@Override
	public boolean isLeader() {
		return this.news.isLeader();
	}

	@Override
	public List<ClusterMember> members() {
		return this.news.members().stream().map(ClusterMember::of).toList();
	}

}
