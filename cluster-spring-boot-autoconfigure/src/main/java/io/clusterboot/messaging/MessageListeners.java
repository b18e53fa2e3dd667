package io.clusterboot.messaging;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Delivery;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.function.SingletonSupplier;

/**
 * The listeners of this worker, by topic. Thread-safe.
 */
public final class MessageListeners implements MessageHandler {

	private static final Log logger = LogFactory.getLog(MessageListeners.class);

	/** Topics that are worth a line in the log. */
	private static final int IGNORED = 100;

	private final Payloads payloads;

	private final Supplier<Map<String, List<MessageMethod>>> listeners;

	private final Set<String> ignored = ConcurrentHashMap.newKeySet();

	/**
	 * Create listeners.
	 * @param payloads reads and writes payloads
	 * @param methods finds the methods, when they are needed
	 */
	public MessageListeners(Payloads payloads, BeanMethods<ClusterMessageListener> methods) {
		this.payloads = payloads;
		this.listeners = SingletonSupplier.of(() -> byTopic(methods));
	}

	private static Map<String, List<MessageMethod>> byTopic(BeanMethods<ClusterMessageListener> methods) {
		Map<String, List<MessageMethod>> listeners = new HashMap<>();
		methods.forEach((annotation, method) -> {
			List<MessageMethod> others = listeners.computeIfAbsent(annotation.topic(), (topic) -> new ArrayList<>());
			others.stream().filter((other) -> other.hasReply() && method.hasReply()).findAny().ifPresent((other) -> {
				throw new IllegalStateException(
						"Two @ClusterMessageListener methods reply to messages about '%s', but only one can: %s and %s"
							.formatted(annotation.topic(), other, method));
			});
			others.add(method);
		});
		return listeners;
	}

	/**
	 * Find the listeners now, for mistakes to end the start of the application.
	 * @throws IllegalStateException if two methods reply to the same topic
	 */
	public void find() {
		this.listeners.get();
	}

	@Override
	public Handling open(Delivery message, byte[] payload) {
		List<MessageMethod> called = this.listeners.get().getOrDefault(message.topic(), List.of());
		if (called.isEmpty()) {
			return ignore(message);
		}
		List<Call> calls = called.stream()
			.map((listener) -> new Call(listener, listener.arguments(message, payload, this.payloads)))
			.toList();
		return () -> handle(message, calls);
	}

	/**
	 * Call the listeners of a message that another node has broadcast, one after the
	 * other. What fails is logged.
	 * @param message where it comes from
	 * @param payload its content, as JSON
	 */
	public void call(ClusterMessage message, byte[] payload) {
		for (MessageMethod listener : this.listeners.get().getOrDefault(message.topic(), List.of())) {
			CompletionStage<?> result;
			try {
				result = listener.call(listener.arguments(message, payload, this.payloads));
			}
			catch (ClusterMessagingException ex) {
				result = CompletableFuture.failedFuture(ex);
			}
			result.whenComplete((value, failure) -> {
				if (failure != null) {
					logger.error("%s failed to handle a message of worker-%d of %s about '%s'".formatted(listener,
							message.sender(), message.node(), message.topic()), failure);
				}
			});
		}
	}

	/**
	 * During a reload workers of two builds listen to different topics.
	 */
	private Handling ignore(Delivery message) {
		if (message.to() != Envelope.OTHERS) {
			throw new MessageNotDeliveredException(
					"It has no @ClusterMessageListener for the topic '%s'".formatted(message.topic()));
		}
		if (this.ignored.size() < IGNORED && this.ignored.add(message.topic())) {
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
			CompletionStage<byte[]> result = call.listener()
				.call(call.arguments())
				.thenApply((value) -> write(message, call, value));
			boolean replies = message.reply() && (call.listener().hasReply() || calls.size() == 1);
			if (replies) {
				reply = result;
			}
			else {
				result.whenComplete((value, failure) -> logFailure(message, call, failure));
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

	private record Call(MessageMethod listener, @Nullable Object[] arguments) {
	}

}
