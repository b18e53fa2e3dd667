package io.clusterboot.actuate;

import java.io.IOException;

import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * {@link HealthIndicator} for the cluster: up when all workers are ready, degraded when
 * some are, down when none is, unknown when the primary does not answer.
 */
public class ClusterHealthIndicator extends AbstractHealthIndicator {

	/**
	 * Some workers are ready, but not all.
	 */
	public static final Status DEGRADED = new Status("DEGRADED", "Some workers are not ready");

	private final WorkerAgent agent;

	/**
	 * Create an indicator.
	 * @param agent knows how to ask the primary
	 */
	public ClusterHealthIndicator(WorkerAgent agent) {
		super("The cluster's health cannot be told");
		this.agent = agent;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) throws Exception {
		ClusterDescription cluster;
		try {
			cluster = this.agent.describe();
		}
		catch (IOException ex) {
			// This worker serves all the same: a cluster that nobody supervises at the
			// moment
			// must not be taken out of service for that.
			builder.unknown().withException(ex);
			return;
		}
		builder.status(status(cluster.readyWorkers(), cluster.configuredWorkers()))
			.withDetail("configuredWorkers", cluster.configuredWorkers())
			.withDetail("readyWorkers", cluster.readyWorkers())
			.withDetail("builds", cluster.builds())
			.withDetail("reload", cluster.reload().state());
	}

	static Status status(int ready, int configured) {
		if (ready == 0) {
			return Status.DOWN;
		}
		return (ready < configured) ? DEGRADED : Status.UP;
	}

}
