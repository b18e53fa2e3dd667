package io.clusterboot.event;

import java.util.List;

/**
 * This worker and its cluster. An application that does not run as a cluster has this
 * bean too: it is a worker, with the id 1, that is alone and always the leader.
 * <p>
 * Thread-safe; nothing waits for the primary.
 */
public interface ClusterInfo {

	/**
	 * The id of this worker.
	 * @return number that no other worker of this cluster has or had
	 */
	int id();

	/**
	 * The index of this worker.
	 * @return place in the cluster from 0, which a replacement inherits
	 */
	int index();

	/**
	 * Whether this worker is the leader. Exactly one of those that are ready is, and
	 * never two at the same time. It stays so for as long as it is ready; when it begins
	 * to leave, refuses traffic, loses its primary or dies, another one becomes it, after
	 * a moment without any.
	 * <p>
	 * This can change at any time: what must not be done twice at the same time needs
	 * {@code @OncePerCluster}.
	 * @return whether it is the leader at this moment
	 */
	boolean isLeader();

	/**
	 * The workers that live, this one among them, as the primary has told last.
	 * @return the workers, by index and id
	 */
	List<ClusterMember> members();

}
