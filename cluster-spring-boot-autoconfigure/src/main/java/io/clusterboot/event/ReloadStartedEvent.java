package io.clusterboot.event;

import io.clusterboot.protocol.ReloadDescription;

/**
 * A reload begins: workers will be replaced.
 *
 * @param reload the reload
 */
public record ReloadStartedEvent(ReloadDescription reload) implements ClusterEvent {

}
