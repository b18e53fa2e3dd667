package io.clusterboot.primary;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.protocol.WorkerIdentity;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Starts worker processes and numbers them.
 */
final class WorkerSpawner {

	private static final Log logger = LogFactory.getLog(WorkerSpawner.class);

	private final WorkerCommand command;

	private final int workers;

	private final Path socket;

	private int lastId;

	WorkerSpawner(WorkerCommand command, int workers, Path socket) {
		this.command = command;
		this.workers = workers;
		this.socket = socket;
	}

	/**
	 * Start a worker.
	 * @param index the index that it is for
	 * @param takenSeats seats of the workers that are alive
	 * @param now the time
	 * @return the worker
	 * @throws IOException if the operating system cannot start the process
	 */
	WorkerHandle spawn(int index, Collection<Integer> takenSeats, long now) throws IOException {
		int seat = IntStream.iterate(1, (candidate) -> candidate + 1)
			.filter((candidate) -> !takenSeats.contains(candidate))
			.findFirst()
			.getAsInt();
		WorkerIdentity identity = new WorkerIdentity(++this.lastId, index, seat, 0, this.socket);
		this.command.notes(identity, this.workers)
			.forEach((note) -> logger.info("%s: %s".formatted(identity.name(), note)));
		Process process = this.command.processBuilder(identity, this.workers).start();
		return new WorkerHandle(identity, process,
				List.of(OutputPump.start("cluster-stdout-" + identity.name(), process.getInputStream(), System.out),
						OutputPump.start("cluster-stderr-" + identity.name(), process.getErrorStream(), System.err)),
				now);
	}

}
