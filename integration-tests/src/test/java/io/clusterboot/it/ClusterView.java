package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Collectors;

import tools.jackson.databind.json.JsonMapper;

/**
 * What {@code GET /actuator/cluster} answers, as far as tests look at it.
 *
 * @param application the application's name
 * @param answeredBy the worker that answered
 * @param primary the primary
 * @param configuredWorkers number of workers that there should be
 * @param readyWorkers number of workers that take requests
 * @param listeners the sockets that the primary keeps
 * @param builds what the workers run
 * @param reload the reload under way, or the last one
 * @param handOvers the connections that have moved
 * @param workers the workers
 * @param redis the Redis that the cluster runs
 */
public record ClusterView(String application, Who answeredBy, Primary primary, int configuredWorkers, int readyWorkers,
		List<Listener> listeners, List<String> builds, Reload reload, HandOvers handOvers, List<Worker> workers,
		Redis redis) {

	/**
	 * Ask any worker.
	 * @param port a port with the actuator
	 * @return its answer
	 */
	public static ClusterView ask(int port) {
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			HttpConnection.Reply reply = connection.get("/actuator/cluster");
			if (reply.status() != 200) {
				throw new AssertionError("/actuator/cluster answered " + reply);
			}
			return JsonMapper.shared().readValue(reply.body(), ClusterView.class);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("/actuator/cluster did not answer", ex);
		}
	}

	/**
	 * Whether all workers that there should be are there, ready and alone: no former one
	 * is still leaving.
	 */
	public boolean isComplete() {
		return this.readyWorkers == this.configuredWorkers && this.workers.size() == this.configuredWorkers;
	}

	/**
	 * The pids of all workers.
	 * @return the pids
	 */
	public Set<Long> pids() {
		return this.workers.stream().map(Worker::pid).collect(Collectors.toUnmodifiableSet());
	}

	/**
	 * The worker of a process.
	 * @param pid the process
	 * @return the worker
	 */
	public Worker worker(long pid) {
		return this.workers.stream()
			.filter((worker) -> worker.pid() == pid)
			.findFirst()
			.orElseThrow(() -> new NoSuchElementException("no worker has pid " + pid + ": " + this));
	}

	public record Who(int id, int index, long pid) {
	}

	public record Primary(long pid, String startedAt) {
	}

	public record Redis(Long pid, String socket, boolean up, int restarts) {
	}

	public record Listener(String address, int port) {
	}

	public record Worker(int id, int index, long pid, String state, int generation, String build, int restarts,
			LastExit lastExit, Load load) {
	}

	public record Reload(Integer id, String state, String trigger, int generation, int step, int of, String startedAt,
			String finishedAt, Failure failure, Integer waiting) {
	}

	public record HandOvers(long handedOver, long returned) {
	}

	public record Failure(String reason, Integer worker, Integer index, Integer exitCode, List<String> output) {
	}

	public record LastExit(Integer code, String signal, String reason, String at) {
	}

	public record Load(long activeRequests, long totalRequests, String oldestRequest, long connections, long heapMax,
			long rss, double reported) {
	}

}
