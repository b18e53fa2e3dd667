package io.clusterboot.event;

import org.jspecify.annotations.Nullable;

/**
 * The process of a worker is gone, whether it was meant to go or not. Node's
 * {@code exit}.
 *
 * @param worker the worker
 * @param code exit code; 128 plus the number for a signal
 * @param signal name of the signal that ended it, such as {@code SIGKILL}, if it was one
 */
public record WorkerExitedEvent(ClusterMember worker, int code, @Nullable String signal) implements WorkerEvent {

}
