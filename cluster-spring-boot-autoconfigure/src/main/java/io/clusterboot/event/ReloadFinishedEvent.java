package io.clusterboot.event;

import io.clusterboot.protocol.ReloadDescription;

/**
 * The outcome of a reload is known: its {@linkplain ReloadDescription#state() state} is
 * {@code DONE}, {@code FAILED} or {@code ABORTED}. Workers that have been replaced may
 * still have requests to finish.
 *
 * @param reload the reload
 */
public record ReloadFinishedEvent(ReloadDescription reload) implements ClusterEvent {

}
