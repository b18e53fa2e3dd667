package io.clusterboot.messaging;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;

import io.clusterboot.messaging.MessageHandler.Handling;
import io.clusterboot.protocol.Envelope.Delivery;
import org.jspecify.annotations.Nullable;

/**
 * What one other process has sent, in the order in which it did. A message is read first,
 * so that its sender can be told if that fails, and taken as soon as there is room for it
 * among those that wait for being handled.
 * <p>
 * Thread-safe.
 */
final class Inbox {

	private static final int ROOM = 256;

	private final Office office;

	private final SerialExecutor reading;

	private final SerialExecutor handling;

	private final Semaphore room = new Semaphore(ROOM);

	/** Those that have not been read yet, unless they have been cancelled. */
	private final Set<Long> unread = ConcurrentHashMap.newKeySet();

	private final Map<Long, Handling> unfinished = new ConcurrentHashMap<>();

	/**
	 * Create an inbox.
	 * @param office answers the sender
	 * @param threads runs what reads and what handles
	 */
	Inbox(Office office, Executor threads) {
		this.office = office;
		this.reading = new SerialExecutor(threads);
		this.handling = new SerialExecutor(threads);
	}

	void deliver(Delivery message, byte[] payload, MessageHandler handler) {
		this.unread.add(message.exchange());
		this.reading.execute(() -> read(message, payload, handler));
	}

	/**
	 * The sender does not wait for the reply any more.
	 * @param exchange its number for the message
	 */
	void cancel(long exchange) {
		if (this.unread.remove(exchange)) {
			return;
		}
		Handling handling = this.unfinished.get(exchange);
		if (handling != null) {
			handling.cancel();
		}
	}

	/**
	 * Nobody waits for any reply any more.
	 */
	void cancelAll() {
		this.unread.clear();
		this.unfinished.values().forEach(Handling::cancel);
	}

	private void read(Delivery message, byte[] payload, MessageHandler handler) {
		Handling handling;
		try {
			handling = handler.open(message, payload);
		}
		catch (Throwable ex) {
			this.unread.remove(message.exchange());
			this.office.undeliverable(message, String.valueOf(ex.getMessage()));
			return;
		}
		this.room.acquireUninterruptibly();
		this.unfinished.put(message.exchange(), handling);
		// in this order, or whoever cancels in between would find it nowhere
		if (!this.unread.remove(message.exchange())) {
			handling.cancel();
		}
		this.office.taken(message);
		this.handling.execute(() -> {
			this.room.release();
			handle(handling).whenComplete((reply, failure) -> {
				this.unfinished.remove(message.exchange());
				this.office.handled(message, reply, failure);
			});
		});
	}

	private static CompletionStage<byte[]> handle(Handling handling) {
		try {
			return handling.handle();
		}
		catch (Throwable ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	/**
	 * Answers senders.
	 */
	interface Office {

		void taken(Delivery message);

		void undeliverable(Delivery message, String reason);

		void handled(Delivery message, byte @Nullable [] reply, @Nullable Throwable failure);

	}

}
