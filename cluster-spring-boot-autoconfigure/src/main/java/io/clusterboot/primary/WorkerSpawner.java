package io.clusterboot.primary;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

import io.clusterboot.PortSharing;
import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.protocol.WorkerIdentity;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Starts worker processes and numbers them.
 */
final class WorkerSpawner implements WorkerProcesses {

	private static final Log logger = LogFactory.getLog(WorkerSpawner.class);

	private final LinkServer server;

	private final PortSharing portSharing;

	private int lastId;

	WorkerSpawner(LinkServer server, PortSharing portSharing) {
		this.server = server;
		this.portSharing = portSharing;
	}

	@Override
	public WorkerHandle spawn(int index, Generation generation, Collection<Integer> takenSeats, int workers, long now)
			throws IOException {
		int seat = IntStream.iterate(1, (candidate) -> candidate + 1)
			.filter((candidate) -> !takenSeats.contains(candidate))
			.findFirst()
			.getAsInt();
		WorkerIdentity identity = new WorkerIdentity(++this.lastId, index, seat, generation.number(),
				this.server.path(), this.portSharing);
		WorkerCommand command = generation.build().command();
		command.notes(identity, workers).forEach((note) -> logger.info("%s: %s".formatted(identity.name(), note)));
		this.server.expect(identity);
		Process process = command.start(identity, workers);
		OutputTail tail = new OutputTail();
		return new WorkerHandle(identity, generation.build(), process, List.of(
				OutputPump.start("cluster-stdout-" + identity.name(), process.getInputStream(), System.out, tail),
				OutputPump.start("cluster-stderr-" + identity.name(), process.getErrorStream(), System.err, tail)),
				tail, ThreadLocalRandom.current().nextDouble(), now);
	}

	@Override
	public void requestThreadDump(WorkerHandle worker) {
		ThreadDump.request(worker.pid());
	}

}
