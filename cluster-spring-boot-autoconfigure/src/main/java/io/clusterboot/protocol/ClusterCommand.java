package io.clusterboot.protocol;

import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * What can be asked of a running cluster. Whoever asks, a worker or a signal, it is the
 * primary that puts commands in order.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME)
public sealed interface ClusterCommand {

	/**
	 * Replaces all workers, one after the other, by ones that run what is there to run
	 * now.
	 *
	 * @param trigger who asks, for the log and the description
	 */
	record Reload(String trigger) implements ClusterCommand {
	}

	/**
	 * Ends a reload after its current step, and drops the one that waits.
	 */
	record Abort() implements ClusterCommand {
	}

	/**
	 * Changes the number of workers.
	 *
	 * @param workers the number that there should be
	 */
	record Scale(int workers) implements ClusterCommand {
	}

	/**
	 * Replaces one worker by one that runs the same.
	 *
	 * @param id the worker's id
	 * @param trigger who asks, for the log and the description
	 */
	record Restart(int id, String trigger) implements ClusterCommand {
	}

}
