package io.clusterboot.messaging;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;

import io.clusterboot.protocol.Envelope;
import org.jspecify.annotations.Nullable;

/**
 * A message to one process, or a reply.
 */
final class DirectSending extends Sending {

	private final @Nullable CompletableFuture<byte[]> reply;

	private int receiver;

	private @Nullable IntConsumer cancellation;

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
	synchronized int receiver() {
		return this.receiver;
	}

	/**
	 * Nobody waits any more.
	 * @param tell tells the receiver, as soon as it is known who that is
	 */
	void cancel(IntConsumer tell) {
		int known;
		synchronized (this) {
			known = this.receiver;
			if (known < Envelope.PRIMARY) {
				this.cancellation = tell;
				return;
			}
		}
		tell.accept(known);
	}

	@Override
	void recipients(List<Integer> workers) {
		IntConsumer tell;
		int worker = workers.get(0);
		synchronized (this) {
			this.receiver = worker;
			tell = this.cancellation;
		}
		if (tell != null) {
			tell.accept(worker);
		}
	}

	@Override
	void takenBy(int worker) {
		wasTaken();
	}

	@Override
	void undeliverable(int worker, String reason) {
		fail(new MessageNotDeliveredException("%s is not delivered: %s".formatted(what(), reason), worker));
	}

	@Override
	void gone(int worker) {
		if (worker == receiver()) {
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
