package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.primary.WorkerHandle.Intent;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;

/**
 * Sees workers off: those that are told to leave, those that leave by themselves, and
 * those that do not answer any more. Each of them is killed if it takes too long.
 */
final class Departures {

	private static final EventLog eventLog = EventLog.of(Departures.class);

	/** Time that a JVM gets to print its threads before it is killed. */
	private static final Duration THREAD_DUMP = Duration.ofSeconds(2);

	/**
	 * Time within which a worker that has closed its link because it exits has exited.
	 */
	private static final Duration LINK_LOSS = Duration.ofSeconds(1);

	private final Duration startupTimeout;

	private final Duration shutdownTimeout;

	private final Heartbeats heartbeats;

	private final WorkerProcesses processes;

	Departures(ClusterProperties properties, WorkerProcesses processes) {
		this.startupTimeout = properties.startup().timeout();
		this.shutdownTimeout = properties.shutdown().timeout();
		this.heartbeats = new Heartbeats(properties.heartbeat());
		this.processes = processes;
	}

	/**
	 * A worker has been heard.
	 * @param worker the worker
	 * @param now the time
	 */
	void heard(WorkerHandle worker, long now) {
		this.heartbeats.heard(worker.id(), now);
	}

	/**
	 * A worker cannot be heard any more.
	 * @param worker the worker
	 */
	void forget(WorkerHandle worker) {
		this.heartbeats.forget(worker.id());
	}

	/**
	 * Look whether a worker has to go, or has had its time.
	 * @param worker the worker
	 * @param now the time
	 */
	void check(WorkerHandle worker, long now) {
		switch (worker.intent()) {
			case KEEP, REPLACE -> checkHealth(worker, now);
			case DISCONNECT -> {
				if (worker.isDue(now)) {
					kill(worker, "did not exit within " + Text.seconds(this.shutdownTimeout));
				}
			}
			case CONDEMN -> {
				if (worker.isDue(now)) {
					kill(worker, worker.reason());
				}
			}
			case KILL -> {
			}
		}
	}

	private void checkHealth(WorkerHandle worker, long now) {
		if (worker.state() == WorkerState.STARTING && worker.age(now).compareTo(this.startupTimeout) > 0) {
			condemn(worker, "did not become ready within " + Text.seconds(this.startupTimeout), now);
		}
		else if (worker.isOrphaned(LINK_LOSS, now)) {
			awaitExit(worker, "has lost its link to the primary", now);
		}
		else if (this.heartbeats.isOverdue(worker.id(), now)) {
			condemn(worker, "sent no heartbeat for " + Text.seconds(this.heartbeats.timeout()), now);
		}
	}

	/**
	 * Tell a worker to drain and to exit.
	 * @param worker the worker
	 * @param reason why
	 * @param now the time
	 */
	void disconnect(WorkerHandle worker, @Nullable String reason, long now) {
		disconnect(worker, reason, new FromPrimary.Disconnect(Duration.ZERO, false), now);
	}

	/**
	 * Tell a worker to drain and to exit, since the cluster stops.
	 * @param worker the worker
	 * @param delay time for which it goes on serving
	 * @param now the time
	 */
	void disconnectLast(WorkerHandle worker, Duration delay, long now) {
		disconnect(worker, "the cluster stops", new FromPrimary.Disconnect(delay, true), now);
	}

	private void disconnect(WorkerHandle worker, @Nullable String reason, FromPrimary.Disconnect order, long now) {
		Duration limit = order.delay().plus(this.shutdownTimeout);
		if (!worker.intend(Intent.DISCONNECT, String.valueOf(reason), now + limit.toNanos())) {
			return;
		}
		worker.leaves();
		if (!worker.send(order)) {
			worker.terminate();
		}
	}

	/**
	 * A worker leaves without having been told to. It has the same time for it.
	 * @param worker the worker
	 * @param reason why
	 * @param now the time
	 */
	void awaitExit(WorkerHandle worker, String reason, long now) {
		worker.intend(Intent.DISCONNECT, reason, now + this.shutdownTimeout.toNanos());
	}

	private void condemn(WorkerHandle worker, String reason, long now) {
		if (worker.intend(Intent.CONDEMN, reason, now + THREAD_DUMP.toNanos())) {
			eventLog.event("worker-condemned")
				.worker(worker)
				.with("reason", reason)
				.warn("%s %s: asking for a thread dump, then killing it".formatted(worker, reason));
			this.processes.requestThreadDump(worker);
		}
	}

	private void kill(WorkerHandle worker, @Nullable String reason) {
		if (worker.intend(Intent.KILL, String.valueOf(reason), 0)) {
			eventLog.event("worker-killed")
				.worker(worker)
				.with("reason", reason)
				.warn("%s %s: killed".formatted(worker, reason));
			worker.kill();
		}
	}

}
