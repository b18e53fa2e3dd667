package io.clusterboot.control;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.util.Assert;

/**
 * Has the primary do it.
 */
public final class PrimaryClusterControl implements ClusterControl {

	private static final String TRIGGER = "ClusterControl";

	private final WorkerAgent agent;

	/**
	 * Create a control.
	 * @param agent knows how to reach the primary
	 */
	public PrimaryClusterControl(WorkerAgent agent) {
		this.agent = agent;
	}

	@Override
	public CompletableFuture<ReloadDescription> reload() {
		return reload(TRIGGER).thenCompose((reload) -> outcome(reload, MOST));
	}

	@Override
	public CompletableFuture<ReloadDescription> restart(int id) {
		return restart(id, TRIGGER).thenCompose((restart) -> outcome(restart, MOST));
	}

	@Override
	public CompletableFuture<ReloadDescription> abort() {
		return command(new ClusterCommand.Abort()).thenApply(PrimaryClusterControl::reloadOf);
	}

	@Override
	public CompletableFuture<Integer> scale(int workers) {
		return command(new ClusterCommand.Scale(workers)).thenApply(FromPrimary.Accepted::configuredWorkers);
	}

	/**
	 * Longest time for which an outcome is waited for.
	 */
	public static final Duration MOST = Duration.ofHours(1);

	/**
	 * Begin a reload.
	 * @param trigger who asks, for the log and the description
	 * @return completes with the reload when it has begun, or waits for another one to be
	 * over
	 */
	public CompletableFuture<ReloadDescription> reload(String trigger) {
		return command(new ClusterCommand.Reload(trigger)).thenApply(PrimaryClusterControl::reloadOf);
	}

	/**
	 * Begin to restart a worker.
	 * @param id the worker's id
	 * @param trigger who asks, for the log and the description
	 * @return completes with the restart when it has begun, or waits for its turn
	 */
	public CompletableFuture<ReloadDescription> restart(int id, String trigger) {
		return command(new ClusterCommand.Restart(id, trigger)).thenApply(PrimaryClusterControl::reloadOf);
	}

	/**
	 * Wait for the outcome of a reload or restart.
	 * @param reload what has begun
	 * @param atMost longest time to wait
	 * @return completes with the outcome; completes exceptionally with a
	 * {@link ReloadFailedException} if workers have not been replaced
	 */
	public CompletableFuture<ReloadDescription> outcome(ReloadDescription reload, Duration atMost) {
		Assert.state(reload.id() != null, "What has begun has an id");
		return this.agent.outcome(reload.id(), atMost).thenApply((outcome) -> {
			if (outcome.state() != ReloadDescription.State.DONE) {
				throw new ReloadFailedException(outcome);
			}
			return outcome;
		});
	}

	private CompletableFuture<FromPrimary.Accepted> command(ClusterCommand command) {
		return this.agent.command(command).thenApply((answer) -> {
			if (answer instanceof FromPrimary.Refused refused) {
				throw new CommandRefusedException(refused);
			}
			return (FromPrimary.Accepted) answer;
		});
	}

	private static ReloadDescription reloadOf(FromPrimary.Accepted accepted) {
		ReloadDescription reload = accepted.reload();
		Assert.state(reload != null, "The primary describes what it has begun");
		return reload;
	}

}
