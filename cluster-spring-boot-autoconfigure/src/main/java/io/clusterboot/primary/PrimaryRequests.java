package io.clusterboot.primary;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Envelope.Reply;
import io.clusterboot.protocol.Envelope.Taken;
import io.clusterboot.protocol.Envelope.Undeliverable;
import io.clusterboot.protocol.Link;

/**
 * What the primary asks workers, until they have answered. Their payloads are empty, so
 * that they need no windows.
 * <p>
 * Thread-safe.
 */
final class PrimaryRequests {

	private static final byte[] EMPTY = {};

	private final AtomicLong exchanges = new AtomicLong();

	private final Map<Long, Pending> pending = new ConcurrentHashMap<>();

	/**
	 * Ask a worker.
	 * @param worker id of the worker
	 * @param channel what it is for
	 * @param topic what it is about
	 * @param timeout longest time to wait for the answer
	 * @param deliver passes it to the worker, unless that accepts no messages
	 * @return completes with the payload of the answer, or with an {@link IOException}
	 */
	CompletableFuture<byte[]> ask(int worker, Channel channel, String topic, Duration timeout,
			BiPredicate<Delivery, byte[]> deliver) {
		long exchange = this.exchanges.incrementAndGet();
		CompletableFuture<byte[]> answer = new CompletableFuture<>();
		this.pending.put(exchange, new Pending(worker, answer));
		if (!deliver.test(new Delivery(Envelope.PRIMARY, worker, exchange, channel, topic, true, List.of()), EMPTY)) {
			answer.completeExceptionally(new IOException("worker-%d accepts no messages".formatted(worker)));
		}
		answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
			.whenComplete((payload, failure) -> this.pending.remove(exchange));
		return answer;
	}

	/**
	 * A worker has said something to the primary.
	 * @param envelope what it has said
	 * @param payload what is in it
	 * @param sender leads to the worker
	 */
	void received(Envelope envelope, byte[] payload, Link sender) {
		if (envelope instanceof Reply reply) {
			sender.post(new Taken(Envelope.PRIMARY, reply.from(), reply.exchange()), EMPTY);
			answered(reply, payload);
		}
		else if (envelope instanceof Undeliverable undeliverable) {
			Pending request = this.pending.get(undeliverable.exchange());
			if (request != null) {
				request.fail(undeliverable.reason());
			}
		}
	}

	private void answered(Reply reply, byte[] payload) {
		Pending request = this.pending.get(reply.inReplyTo());
		if (request != null && reply.failure() != null) {
			request.fail(reply.failure());
		}
		else if (request != null) {
			request.answer().complete(payload);
		}
	}

	/**
	 * A worker is gone, and answers nothing any more.
	 * @param worker id of the worker
	 */
	void gone(int worker) {
		this.pending.values()
			.stream()
			.filter((request) -> request.worker() == worker)
			.forEach((request) -> request.fail("it is gone"));
	}

	/**
	 * A question that has not been answered.
	 *
	 * @param worker id of the worker that is asked
	 * @param answer its answer
	 */
	private record Pending(int worker, CompletableFuture<byte[]> answer) {

		void fail(String reason) {
			this.answer.completeExceptionally(new IOException("worker-%d: %s".formatted(this.worker, reason)));
		}

	}

}
