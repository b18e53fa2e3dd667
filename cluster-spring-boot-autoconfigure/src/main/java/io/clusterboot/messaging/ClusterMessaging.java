package io.clusterboot.messaging;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

import org.springframework.core.ParameterizedTypeReference;

/**
 * Sends messages from this worker to other processes of its cluster on this machine.
 * Those who receive them have a {@link ClusterMessageListener}; the primary has a
 * {@code PrimaryListener}. Payloads are written as JSON with the application's own
 * mapper, and have at most {@code cluster.messaging.max-message-size}.
 * <p>
 * A worker receives messages from when it is ready until it begins to drain. Messages
 * between two processes keep their order, as far as they are sent one after the other. A
 * receiver that does not keep up makes its senders wait, for up to
 * {@code cluster.messaging.send-timeout}; then sending fails. There is no store: what has
 * not been handled when a worker dies is lost, which its sender is told if it still
 * waits.
 * <p>
 * Every method throws {@link ClusterMessagingException}, or completes with one, if
 * something fails: {@link MessageNotDeliveredException} if the message is certain not to
 * be handled, {@link WorkerGoneException} if its receiver is gone in the meantime.
 * <p>
 * Thread-safe.
 */
public interface ClusterMessaging {

	/**
	 * Stands for the primary where the id of a worker is asked for.
	 */
	int PRIMARY = 0;

	/**
	 * Send a message to all other workers that accept messages now. Returns when all of
	 * them have taken it. One that exits in the meantime is not waited for; one without a
	 * listener ignores it.
	 * @param topic what it is about
	 * @param payload the content
	 * @throws ClusterMessagingException if the message cannot be written, or if not all
	 * have taken it; says which have not
	 */
	void broadcast(String topic, @Nullable Object payload);

	/**
	 * Send a message to all other workers, as far as the scope reaches. It is sent to
	 * other nodes first, through Redis: to those of their workers that run and reach it
	 * at this moment. Nobody waits for them, and nobody knows whether they have got it.
	 * Then it is sent to the workers of this node as without a scope.
	 * @param topic what it is about
	 * @param payload the content
	 * @param scope how far
	 * @throws ClusterMessagingException if it cannot be sent; in {@link Scope#ALL_NODES}
	 * also where there is no Redis that nodes could share
	 */
	void broadcast(String topic, @Nullable Object payload, Scope scope);

	/**
	 * Send a message to one worker. Returns when it has been taken: it has been read, and
	 * waits for listeners to be called.
	 * @param worker id of the worker
	 * @param topic what it is about
	 * @param payload the content
	 * @throws ClusterMessagingException if it has not been taken
	 */
	void send(int worker, String topic, @Nullable Object payload);

	/**
	 * Send a message to the primary. Returns when it is its turn to be handled.
	 * @param topic what it is about
	 * @param payload the content
	 * @throws ClusterMessagingException if it has not been taken
	 */
	void sendToPrimary(String topic, @Nullable Object payload);

	/**
	 * Send a message and wait for the reply. Blocks only while the receiver does not keep
	 * up. To cancel the future, or to let the time run out, does not undo what the
	 * receiver has begun.
	 * @param <T> type of the reply
	 * @param target id of a worker, or {@link #PRIMARY}
	 * @param topic what it is about
	 * @param payload the content
	 * @param replyType type of the reply
	 * @param timeout longest time to wait for the reply
	 * @return completes with the reply, or with a {@link ClusterMessagingException}; at
	 * once if the receiver is gone
	 */
	<T> CompletableFuture<@Nullable T> request(int target, String topic, @Nullable Object payload, Class<T> replyType,
			Duration timeout);

	/**
	 * Send a message and wait for a reply of a generic type.
	 * @param <T> type of the reply
	 * @param target id of a worker, or {@link #PRIMARY}
	 * @param topic what it is about
	 * @param payload the content
	 * @param replyType type of the reply
	 * @param timeout longest time to wait for the reply
	 * @return as the other method
	 */
	<T> CompletableFuture<@Nullable T> request(int target, String topic, @Nullable Object payload,
			ParameterizedTypeReference<T> replyType, Duration timeout);

}
