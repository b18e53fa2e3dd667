package io.clusterboot.primary;

import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.ReloadDescription;
import org.jspecify.annotations.Nullable;

/**
 * Lets an application take part in the primary, where there is no application context.
 * Implementations have a constructor without parameters and are named in
 * {@code META-INF/spring.factories}:
 *
 * <pre>
 * io.clusterboot.primary.PrimaryListener=com.example.Notifier
 * </pre>
 *
 * They are called one after the other, on a thread of their own that no worker and not
 * the supervision of workers waits for: one that hangs keeps only messages to the primary
 * and other listeners waiting. What one throws is logged. The primary outlives reloads:
 * its listeners stay those of the build with which it was started.
 */
public interface PrimaryListener {

	/**
	 * A worker has sent a message to the primary.
	 * @param message the message
	 * @return the reply, which is written as JSON, if the worker waits for one and no
	 * other listener before this one has replied; {@code null} if this listener has none
	 * @throws Exception if the message cannot be handled, which a worker that waits for a
	 * reply is told
	 */
	default @Nullable Object onMessage(PrimaryMessage message) throws Exception {
		return null;
	}

	/**
	 * The process of a worker has connected to the primary.
	 * @param worker the worker
	 */
	default void onWorkerOnline(MemberDescription worker) {
	}

	/**
	 * A worker begins to accept connections, for the first time or again.
	 * @param worker the worker
	 */
	default void onWorkerListening(MemberDescription worker) {
	}

	/**
	 * A worker drains.
	 * @param worker the worker
	 */
	default void onWorkerDisconnect(MemberDescription worker) {
	}

	/**
	 * The process of a worker is gone.
	 * @param worker the worker
	 * @param code exit code; for a signal 128 and its number
	 * @param signal name of the signal that ended it, if it was one
	 */
	default void onWorkerExit(MemberDescription worker, int code, @Nullable String signal) {
	}

	/**
	 * A reload begins.
	 * @param reload the reload
	 */
	default void onReloadStarted(ReloadDescription reload) {
	}

	/**
	 * The outcome of a reload is known.
	 * @param reload the reload
	 */
	default void onReloadFinished(ReloadDescription reload) {
	}

	/**
	 * There should be another number of workers from now on.
	 * @param from number of workers that there should have been
	 * @param to number of workers that there should be
	 */
	default void onScaled(int from, int to) {
	}

}
