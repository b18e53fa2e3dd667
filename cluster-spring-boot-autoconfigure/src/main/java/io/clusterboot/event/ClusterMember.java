package io.clusterboot.event;

import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.WorkerState;

/**
 * A worker of the cluster.
 *
 * @param id number that no other worker of this cluster has or had
 * @param index place in the cluster, which a replacement inherits
 * @param pid process id
 * @param state where it was in its life when this was said
 */
public record ClusterMember(int id, int index, long pid, WorkerState state) {

	static ClusterMember of(MemberDescription member) {
		return new ClusterMember(member.id(), member.index(), member.pid(), member.state());
	}

}
