package io.clusterboot.metrics;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Asks workers for their snapshots.
 */
@FunctionalInterface
public interface SnapshotRequests {

	/**
	 * Ask a worker. Returns at once.
	 * @param id id of the worker
	 * @param timeout longest time to wait for the answer
	 * @return completes with what the worker's {@link WorkerSnapshots#write()} returns
	 */
	CompletableFuture<byte[]> request(int id, Duration timeout);

}
