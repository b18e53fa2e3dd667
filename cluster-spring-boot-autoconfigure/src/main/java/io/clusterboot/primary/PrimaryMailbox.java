package io.clusterboot.primary;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Envelope.Reply;
import io.clusterboot.protocol.Envelope.Taken;
import io.clusterboot.protocol.Envelope.Undeliverable;
import io.clusterboot.protocol.Link;
import org.jspecify.annotations.Nullable;

/**
 * Gives the messages that workers send to the primary to its listeners. A message has
 * been taken when it is its turn, so that what waits here is bounded by what workers may
 * send before that.
 */
final class PrimaryMailbox {

	private static final byte[] EMPTY = {};

	private final PrimaryListeners listeners;

	private final long limit;

	private final AtomicLong exchanges = new AtomicLong();

	/**
	 * Create a mailbox.
	 * @param listeners get the messages
	 * @param limit most bytes that a reply may have
	 */
	PrimaryMailbox(PrimaryListeners listeners, long limit) {
		this.listeners = listeners;
		this.limit = limit;
	}

	/**
	 * A message has come.
	 * @param message the message
	 * @param payload what is in it
	 * @param sender leads to who has sent it
	 */
	void deliver(Delivery message, byte[] payload, Link sender) {
		if (this.listeners.isEmpty()) {
			undeliverable(message, sender, "The primary has no PrimaryListener in META-INF/spring.factories");
			return;
		}
		boolean waits = this.listeners.run((listeners) -> {
			sender.post(new Taken(Envelope.PRIMARY, message.from(), message.exchange()), EMPTY);
			Answer answer = handle(new PrimaryMessage(message.from(), message.topic(), payload), listeners);
			if (message.reply()) {
				sender.post(new Reply(Envelope.PRIMARY, message.from(), this.exchanges.incrementAndGet(),
						message.exchange(), answer.failure()), answer.payload());
			}
		});
		if (!waits) {
			undeliverable(message, sender, "The listeners in the primary do not keep up");
		}
	}

	private static void undeliverable(Delivery message, Link sender, String reason) {
		sender.post(new Undeliverable(Envelope.PRIMARY, message.from(), message.exchange(), reason), EMPTY);
	}

	/**
	 * All listeners get it, whatever becomes of it in those before. The first one that
	 * has a reply, or fails, answers.
	 */
	private Answer handle(PrimaryMessage message, List<PrimaryListener> listeners) {
		Answer answer = null;
		for (PrimaryListener listener : listeners) {
			Answer own = handle(message, listener);
			answer = (answer != null) ? answer : own;
		}
		return (answer != null) ? answer : new Answer(PrimaryMessage.write(null), null);
	}

	private @Nullable Answer handle(PrimaryMessage message, PrimaryListener listener) {
		try {
			Object reply = listener.onMessage(message);
			return (reply != null) ? new Answer(checked(PrimaryMessage.write(reply)), null) : null;
		}
		catch (Throwable ex) {
			PrimaryListeners.failed(listener, ex);
			return new Answer(EMPTY, Envelope.shortened("%s: %s".formatted(listener.getClass().getName(), ex)));
		}
	}

	private byte[] checked(byte[] reply) {
		if (reply.length > this.limit) {
			throw new IllegalStateException(
					"A reply of %d bytes is more than cluster.messaging.max-message-size allows (%d)"
						.formatted(reply.length, this.limit));
		}
		return reply;
	}

	private record Answer(byte[] payload, @Nullable String failure) {
	}

}
