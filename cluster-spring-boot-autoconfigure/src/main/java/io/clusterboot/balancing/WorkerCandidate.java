package io.clusterboot.balancing;

/**
 * A worker that can take a connection.
 *
 * @param id number that no other worker of this cluster has or had
 * @param index place in the cluster, which a replacement inherits
 * @param connections number of its open connections: what it has reported last, and what
 * it has been given since
 * @param activeRequests number of requests in flight in it, as it has reported last
 * @param reportedLoad what its application has reported by {@link ClusterLoad}, 0 if
 * nothing
 */
public record WorkerCandidate(int id, int index, int connections, int activeRequests, double reportedLoad) {
}
