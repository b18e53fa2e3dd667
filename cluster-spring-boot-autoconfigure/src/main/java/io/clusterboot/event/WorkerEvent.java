package io.clusterboot.event;

/**
 * Something that has happened to a worker.
 */
public sealed interface WorkerEvent extends ClusterEvent
		permits WorkerOnlineEvent, WorkerListeningEvent, WorkerDisconnectedEvent, WorkerExitedEvent {

	/**
	 * The worker.
	 * @return the worker as it was then
	 */
	ClusterMember worker();

}
