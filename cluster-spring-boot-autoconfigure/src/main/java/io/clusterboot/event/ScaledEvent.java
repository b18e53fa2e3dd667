package io.clusterboot.event;

/**
 * There should be another number of workers from now on. They start and leave after that.
 *
 * @param from number of workers that there should have been
 * @param to number of workers that there should be
 */
public record ScaledEvent(int from, int to) implements ClusterEvent {

}
