package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Connects again and again, each time when nothing is left of the connection before and
 * all who accept wait. So who gets it depends on the order in which they wait, or on what
 * the primary knows of them, and not on how busy the machine is.
 */
final class ConnectionsInTurn {

	private static final int CONNECTIONS = 40;

	private final ClusterProcess cluster;

	private final BooleanSupplier waiting;

	private ConnectionsInTurn(ClusterProcess cluster, BooleanSupplier waiting) {
		this.cluster = cluster;
		this.waiting = waiting;
	}

	/**
	 * Each worker accepts for itself, at each port with one thread.
	 * @param cluster a cluster whose workers are ready
	 */
	static ConnectionsInTurn acceptedByWorkers(ClusterProcess cluster) {
		int ports = cluster.cluster().listeners().size();
		List<Long> workers = cluster.workerPids();
		return new ConnectionsInTurn(cluster,
				() -> workers.stream().allMatch((worker) -> ProcessThreads.inAccept(worker) == ports));
	}

	/**
	 * The primary accepts and passes connections on, to workers that run Tomcat. It
	 * closes its copy when it has been told whose a connection is. A worker declines a
	 * connection if its acceptor has not come back from the one before.
	 * @param cluster a cluster whose workers are ready
	 * @param busy workers whose threads have something else to do
	 */
	static ConnectionsInTurn passedOn(ClusterProcess cluster, Long... busy) {
		Set<String> permanent = sockets(cluster.pid());
		List<Long> workers = new ArrayList<>(cluster.workerPids());
		workers.removeAll(List.of(busy));
		return new ConnectionsInTurn(cluster, () -> permanent.containsAll(sockets(cluster.pid()))
				&& workers.stream().allMatch(ProcessThreads::ofTomcatAreAsleep));
	}

	/**
	 * The sockets that a process has. Each has a number of its own, which no other one
	 * gets.
	 */
	private static Set<String> sockets(long pid) {
		try (Stream<Path> descriptors = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
			return descriptors.map(ConnectionsInTurn::target)
				.filter((target) -> target.startsWith("socket:"))
				.collect(Collectors.toSet());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String target(Path descriptor) {
		try {
			return Files.readSymbolicLink(descriptor).toString();
		}
		catch (IOException ex) {
			// closed in the meantime
			return "";
		}
	}

	/**
	 * Wait until nothing is left of the connection before and all who accept wait.
	 */
	void awaitQuiet() {
		await().atMost(Deadlines.EVENT)
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(1))
			.until(this.waiting::getAsBoolean);
	}

	/**
	 * Connect a number of times.
	 * @param connections the number
	 * @return the pid of who answered, for each connection
	 */
	List<Long> answeredBy(int connections) throws IOException {
		List<Long> pids = new ArrayList<>();
		for (int i = 0; i < connections; i++) {
			awaitQuiet();
			try (HttpConnection connection = HttpConnection.open(this.cluster.port(), Deadlines.EVENT)) {
				connection.send("GET", "/pid", new byte[0], "Connection: close");
				pids.add(connection.read().pid());
			}
		}
		return pids;
	}

	/**
	 * Connect a number of times, and fail unless two workers answer by turns.
	 * @param workers the workers
	 */
	void assertAlternate(List<Long> workers) throws IOException {
		List<Long> pids = answeredBy(CONNECTIONS);
		assertThat(pids).hasSameElementsAs(workers);
		for (int i = 1; i < CONNECTIONS; i++) {
			assertThat(pids.get(i)).as("connection %d of %s", i, pids).isNotEqualTo(pids.get(i - 1));
		}
	}

}
