package io.clusterboot.event;

import java.util.List;

import io.clusterboot.protocol.WorkerState;

/**
 * A worker that is alone: the application without a cluster.
 */
public final class LoneClusterInfo implements ClusterInfo {

	@Override
	public int id() {
		return 1;
	}

	@Override
	public int index() {
		return 0;
	}

	@Override
	public boolean isLeader() {
		return true;
	}

	@Override
	public List<ClusterMember> members() {
		return List.of(new ClusterMember(id(), index(), ProcessHandle.current().pid(), WorkerState.READY));
	}

}
