package io.clusterboot.event;

/**
 * The process of a worker runs and has connected to the primary. Its application has not
 * started yet. Node's {@code online}.
 *
 * @param worker the worker
 */
public record WorkerOnlineEvent(ClusterMember worker) implements WorkerEvent {

}
