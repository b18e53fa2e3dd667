package io.clusterboot.messaging;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Delivery;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The listeners of this worker, by topic. Thread-safe.
 */
public final class MessageListeners implements MessageHandler {

	private static final Log logger = LogFactory.getLog(MessageListeners.class);

	private final Payloads payloads;

	private final Map<String, List<ListenerMethod>> listeners = new ConcurrentHashMap<>();

	private final Set<String> ignored = ConcurrentHashMap.newKeySet();

	/**
	 * Create listeners.
	 * @param payloads reads and writes payloads
	 */
	public MessageListeners(Payloads payloads) {
		this.payloads = payloads;
	}

	/**
	 * Add a listener.
	 * @param topic the topic
	 * @param listener the listener
	 * @throws IllegalStateException if there would be two that reply
	 */
	void add(String topic, ListenerMethod listener) {
		List<ListenerMethod> others = this.listeners.computeIfAbsent(topic, (key) -> new CopyOnWriteArrayList<>());
		others.stream().filter((other) -> other.hasReply() && listener.hasReply()).findAny().ifPresent((other) -> {
			throw new IllegalStateException(
					"Two @ClusterMessageListener methods reply to messages about '%s', but only one can: %s and %s"
						.formatted(topic, other, listener));
		});
		others.add(listener);
	}

	@Override
	public Handling open(Delivery message, byte[] payload) {
		List<ListenerMethod> called = this.listeners.getOrDefault(message.topic(), List.of());
		if (called.isEmpty()) {
			return ignore(message);
		}
		List<Call> calls = called.stream()
			.map((listener) -> new Call(listener, listener.arguments(message, payload, this.payloads)))
			.toList();
		return () -> handle(message, calls);
	}

	/**
	 * During a reload workers of two builds listen to different topics.
	 */
	private Handling ignore(Delivery message) {
		if (message.to() != Envelope.OTHERS) {
			throw new MessageNotDeliveredException(
					"It has no @ClusterMessageListener for the topic '%s'".formatted(message.topic()));
		}
		if (this.ignored.add(message.topic())) {
			logger.warn("worker-%d broadcasts messages about '%s', for which there is no @ClusterMessageListener here"
				.formatted(message.from(), message.topic()));
		}
		return () -> CompletableFuture.completedFuture(this.payloads.write(message.topic(), null));
	}

	/**
	 * All are called, whatever becomes of those before.
	 */
	private CompletionStage<byte[]> handle(Delivery message, List<Call> calls) {
		CompletionStage<byte[]> reply = CompletableFuture.completedFuture(this.payloads.write(message.topic(), null));
		for (Call call : calls) {
			CompletionStage<byte[]> result = call.run().thenApply((value) -> write(message, call, value));
			if (!message.reply()) {
				result.whenComplete((value, failure) -> logFailure(message, call, failure));
			}
			if (call.listener().hasReply() || calls.size() == 1) {
				reply = result;
			}
		}
		return reply;
	}

	private byte[] write(Delivery message, Call call, @Nullable Object value) {
		return this.payloads.write("The reply of %s".formatted(call.listener()), message.reply() ? value : null);
	}

	private static void logFailure(Delivery message, Call call, @Nullable Throwable failure) {
		if (failure != null) {
			logger.error("%s failed to handle a message of worker-%d about '%s'".formatted(call.listener(),
					message.from(), message.topic()), failure);
		}
	}

	private record Call(ListenerMethod listener, @Nullable Object[] arguments) {

		private CompletionStage<?> run() {
			CompletionStage<?> result = this.listener.call(this.arguments);
			return (result != null) ? result : CompletableFuture.completedFuture(null);
		}

	}

}
