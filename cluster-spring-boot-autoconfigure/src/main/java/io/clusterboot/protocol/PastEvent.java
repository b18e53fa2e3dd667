package io.clusterboot.protocol;

import java.time.Instant;

/**
 * Something that has happened in the cluster, in words.
 *
 * @param number number that only grows
 * @param at when
 * @param name what kind of event it is, as in {@code worker-exited}
 * @param text what has happened
 */
public record PastEvent(long number, Instant at, String name, String text) {

}
