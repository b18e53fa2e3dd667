package io.clusterboot.actuate;

import java.util.List;

import io.clusterboot.protocol.PastEvent;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What the dashboard shows.
 *
 * @param cluster the cluster
 * @param events what has happened last, oldest first
 * @param writable whether the endpoint's operations are there
 * @param mostWorkers largest number of workers that the cluster can be scaled to
 */
public record DashboardState(ClusterDescriptor cluster, List<PastEvent> events, boolean writable,
		int mostWorkers) implements OperationResponseBody {

}
