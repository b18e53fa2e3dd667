package io.clusterboot.messaging;

import java.lang.reflect.Type;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Channel;
import org.jspecify.annotations.Nullable;

import org.springframework.core.ParameterizedTypeReference;
import org.springframework.util.Assert;

/**
 * Sends messages through this worker's exchange.
 */
public final class ExchangeClusterMessaging implements ClusterMessaging {

	private final MessageExchange exchange;

	private final Payloads payloads;

	private final Supplier<@Nullable OtherNodes> otherNodes;

	/**
	 * Create messaging.
	 * @param exchange sends what is written
	 * @param payloads writes and reads payloads
	 * @param otherNodes the way to other nodes, if there is one
	 */
	public ExchangeClusterMessaging(MessageExchange exchange, Payloads payloads,
			Supplier<@Nullable OtherNodes> otherNodes) {
		this.exchange = exchange;
		this.payloads = payloads;
		this.otherNodes = otherNodes;
	}

	@Override
	public void broadcast(String topic, @Nullable Object payload) {
		send("A broadcast about '%s'".formatted(topic), Envelope.OTHERS, topic, payload);
	}

	@Override
	public void broadcast(String topic, @Nullable Object payload, Scope scope) {
		if (scope == Scope.ALL_NODES) {
			OtherNodes others = this.otherNodes.get();
			if (others == null) {
				throw new ClusterMessagingException(
						"A broadcast about '%s' cannot reach other nodes: that needs a Redis that the application configures, and cluster.nodes.enabled"
							.formatted(topic));
			}
			others.broadcast(this.exchange.self(), topic,
					this.payloads.write("A broadcast about '%s'".formatted(topic), payload));
		}
		broadcast(topic, payload);
	}

	@Override
	public void send(int worker, String topic, @Nullable Object payload) {
		Assert.isTrue(worker > PRIMARY, "A worker's id is a number from 1");
		send("A message about '%s' to worker-%d".formatted(topic, worker), worker, topic, payload);
	}

	@Override
	public void sendToPrimary(String topic, @Nullable Object payload) {
		send("A message about '%s' to the primary".formatted(topic), PRIMARY, topic, payload);
	}

	private void send(String what, int to, String topic, @Nullable Object payload) {
		this.exchange.send(what, to, topic, this.payloads.write(what, payload));
	}

	@Override
	public <T> CompletableFuture<@Nullable T> request(int target, String topic, @Nullable Object payload,
			Class<T> replyType, Duration timeout) {
		return requestTyped(target, topic, payload, replyType, timeout);
	}

	@Override
	public <T> CompletableFuture<@Nullable T> request(int target, String topic, @Nullable Object payload,
			ParameterizedTypeReference<T> replyType, Duration timeout) {
		return requestTyped(target, topic, payload, replyType.getType(), timeout);
	}

	@SuppressWarnings("unchecked")
	private <T> CompletableFuture<@Nullable T> requestTyped(int target, String topic, @Nullable Object payload,
			Type replyType, Duration timeout) {
		Assert.isTrue(target >= PRIMARY, "The target is a worker's id, a number from 1, or PRIMARY");
		String what = "A request about '%s' to %s".formatted(topic, Sending.name(target));
		byte[] json;
		try {
			json = this.payloads.write(what, payload);
		}
		catch (ClusterMessagingException ex) {
			return CompletableFuture.failedFuture(ex);
		}
		return this.exchange.request(what, target, Channel.MESSAGE, topic, json, List.of(), timeout,
				(reply) -> (T) this.payloads.read("The reply to " + what, reply, replyType));
	}

}
