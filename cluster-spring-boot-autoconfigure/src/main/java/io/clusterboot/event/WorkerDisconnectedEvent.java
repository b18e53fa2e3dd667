package io.clusterboot.event;

/**
 * A worker leaves: it accepts nothing more, finishes what it has, and exits. One that is
 * killed or crashes just {@linkplain WorkerExitedEvent exits}. Node's {@code disconnect}.
 *
 * @param worker the worker
 */
public record WorkerDisconnectedEvent(ClusterMember worker) implements WorkerEvent {

}
