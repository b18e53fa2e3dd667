package io.clusterboot.event;

/**
 * A worker is ready: it begins to accept connections. This happens again when it has
 * refused traffic for a while. Node's {@code listening}.
 *
 * @param worker the worker
 */
public record WorkerListeningEvent(ClusterMember worker) implements WorkerEvent {

}
