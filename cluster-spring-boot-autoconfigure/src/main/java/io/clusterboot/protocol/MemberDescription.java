package io.clusterboot.protocol;

/**
 * A worker as the others see it.
 *
 * @param id number that no other worker of this cluster has or had
 * @param index place in the cluster, which a replacement inherits
 * @param pid process id
 * @param state where it is in its life, as far as the primary knows
 */
public record MemberDescription(int id, int index, long pid, WorkerState state) {

}
