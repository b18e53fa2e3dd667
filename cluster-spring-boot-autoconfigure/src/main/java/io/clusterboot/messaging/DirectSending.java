package io.clusterboot.messaging;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

import org.jspecify.annotations.Nullable;

/**
 * A message to one process, or a reply.
 */
final class DirectSending extends Sending {

	private final @Nullable CompletableFuture<byte[]> reply;

	private volatile int receiver;

	/**
	 * Create a sending.
	 * @param what what it is, for exceptions
	 * @param to address of the receiver
	 * @param window the window, of which the size has been acquired
	 * @param size size in the window
	 * @param reply completes with the reply, or {@code null} if there is none
	 */
	DirectSending(String what, int to, Semaphore window, int size, @Nullable CompletableFuture<byte[]> reply) {
		super(what, window, size);
		this.receiver = to;
		this.reply = reply;
	}

	@Override
	boolean isOver() {
		return super.isOver() && (this.reply == null || this.reply.isDone());
	}

	@Override
	void fail(ClusterMessagingException cause) {
		super.fail(cause);
		if (this.reply != null) {
			this.reply.completeExceptionally(cause);
		}
	}

	/**
	 * Who gets it, as far as is known.
	 * @return id of a process, or an address that has not been resolved yet
	 */
	int receiver() {
		return this.receiver;
	}

	@Override
	void recipients(List<Integer> workers) {
		this.receiver = workers.get(0);
	}

	@Override
	void takenBy(int worker) {
		wasTaken();
	}

	@Override
	void undeliverable(int worker, String reason) {
		fail(new MessageNotDeliveredException("%s is not delivered: %s".formatted(what(), reason)));
	}

	@Override
	void gone(int worker) {
		if (worker == this.receiver) {
			fail(new WorkerGoneException(
					"%s: %s is gone, and it is not known how far it has come".formatted(what(), name(worker))));
		}
	}

	/**
	 * The reply shows that the message was taken.
	 */
	@Override
	void replied(int worker, byte[] payload, @Nullable String failure) {
		wasTaken();
		if (this.reply == null) {
			return;
		}
		if (failure == null) {
			this.reply.complete(payload);
		}
		else {
			this.reply.completeExceptionally(
					new ClusterMessagingException("%s failed in %s: %s".formatted(what(), name(worker), failure)));
		}
	}

}
