package io.clusterboot.control;

import java.util.concurrent.CompletableFuture;

import io.clusterboot.protocol.ReloadDescription;

/**
 * Controls the running cluster, from any worker: the same as {@code POST} to the
 * {@code cluster} endpoint, and not limited by the endpoint's access, since it is the
 * application's own code that calls.
 * <p>
 * It is the primary that carries out what is asked for, and that puts in order what
 * several workers and signals ask for. Each method returns at once. A future completes
 * exceptionally with a {@link CommandRefusedException} if the primary does not carry the
 * command out, and with a {@link java.io.IOException} if it does not answer within
 * {@code cluster.link.reply-timeout}, or if this worker leaves before the outcome is
 * known. A future that is cancelled, or whose worker leaves, changes nothing about what
 * it was asked for.
 * <p>
 * Thread-safe.
 */
public interface ClusterControl {

	/**
	 * Replace all workers, one after the other, by ones that run what is there to run
	 * now. If a reload is under way this one begins when that is over; of several that
	 * are asked for meanwhile there is only one.
	 * @return completes when all workers have been replaced; completes exceptionally with
	 * a {@link ReloadFailedException} if they have not
	 */
	CompletableFuture<ReloadDescription> reload();

	/**
	 * Replace one worker by one that runs the same.
	 * @param id the worker's id
	 * @return completes when it has been replaced; completes exceptionally with a
	 * {@link ReloadFailedException} if it has not
	 */
	CompletableFuture<ReloadDescription> restart(int id);

	/**
	 * End the reload or restart under way after its current step, and drop what waits.
	 * @return completes when the primary has taken note, with what is under way
	 */
	CompletableFuture<ReloadDescription> abort();

	/**
	 * Change the number of workers. New ones start with the next free indexes; those with
	 * the highest drain.
	 * @param workers the number that there should be, from 1 to
	 * {@code cluster.max-workers}
	 * @return completes with that number when the primary has taken note; workers start
	 * and drain after that
	 */
	CompletableFuture<Integer> scale(int workers);

}
