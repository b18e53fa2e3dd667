package io.clusterboot.primary;

import java.io.IOException;
import java.util.Collection;

/**
 * What the supervisor has the operating system do for it. All else that it decides
 * depends on the time alone, and on what it is told.
 */
interface WorkerProcesses {

	/**
	 * Start a worker.
	 * @param index the index that it is for
	 * @param generation what it runs
	 * @param takenSeats seats of the workers that are alive
	 * @param workers number of workers among which memory is shared
	 * @param now the time
	 * @return the worker
	 * @throws IOException if the operating system cannot start the process
	 */
	WorkerHandle spawn(int index, Generation generation, Collection<Integer> takenSeats, int workers, long now)
			throws IOException;

	/**
	 * Have a worker print what its threads do, without waiting for it.
	 * @param worker the worker
	 */
	void requestThreadDump(WorkerHandle worker);

}
