package io.clusterboot.event;

/**
 * Something that has happened in the cluster. It is published in every worker, whichever
 * worker it is about, in the order in which the primary has seen it, on a thread of its
 * own.
 * <p>
 * These are plain records and not {@code ApplicationEvent}s: a test makes one with
 * {@code new} and compares it, and an {@code @EventListener} takes them as they are, or
 * all of them as this interface.
 */
public sealed interface ClusterEvent permits WorkerEvent, ReloadStartedEvent, ReloadFinishedEvent, ScaledEvent {

}
