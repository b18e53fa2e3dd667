package io.clusterboot.messaging;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

import io.clusterboot.protocol.Envelope;
import org.jspecify.annotations.Nullable;

/**
 * Something that has been sent, until it is over. Until it has been taken it fills a part
 * of the window of its receiver. All methods are called in the order of the link, except
 * for {@link #fail}.
 */
abstract class Sending {

	private final String what;

	private final Semaphore window;

	private final int size;

	private final CompletableFuture<@Nullable Void> taken = new CompletableFuture<>();

	/**
	 * Create a sending.
	 * @param what what it is, for exceptions
	 * @param window the window, of which the size has been acquired
	 * @param size size in the window
	 */
	Sending(String what, Semaphore window, int size) {
		this.what = what;
		this.window = window;
		this.size = size;
	}

	/**
	 * What is sent, and to whom.
	 * @return words for exceptions
	 */
	String what() {
		return this.what;
	}

	/**
	 * Completes when all receivers have taken it, or one certainly has not.
	 * @return the future
	 */
	CompletableFuture<@Nullable Void> taken() {
		return this.taken;
	}

	/**
	 * Whether nothing more is going to happen.
	 * @return whether it can be forgotten
	 */
	boolean isOver() {
		return this.taken.isDone();
	}

	void wasTaken() {
		if (this.taken.complete(null)) {
			this.window.release(this.size);
		}
	}

	void fail(ClusterMessagingException cause) {
		if (this.taken.completeExceptionally(cause)) {
			this.window.release(this.size);
		}
	}

	/**
	 * It has been found out who receives it.
	 * @param workers ids of the receivers
	 */
	abstract void recipients(List<Integer> workers);

	abstract void takenBy(int worker);

	abstract void undeliverable(int worker, String reason);

	abstract void gone(int worker);

	abstract void replied(int worker, byte[] payload, @Nullable String failure);

	static String name(int process) {
		return (process == Envelope.PRIMARY) ? "the primary" : "worker-" + process;
	}

}
