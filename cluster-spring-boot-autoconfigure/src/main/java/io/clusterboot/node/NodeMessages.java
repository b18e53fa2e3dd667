package io.clusterboot.node;

import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessagingException;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.messaging.OtherNodes;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedStateException;
import io.clusterboot.state.Subscription;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

/**
 * Messages between nodes, through a channel of Redis that each worker listens to.
 * <p>
 * Thread-safe.
 */
public final class NodeMessages implements OtherNodes {

	private static final Log logger = LogFactory.getLog(NodeMessages.class);

	private static final String CHANNEL = "messages";

	/** What may wait for listeners of this worker. */
	private static final int CAPACITY = 1000;

	/** Bytes of a message that are not its payload, at the most. */
	private static final int OVERHEAD = 8 * 1024;

	/** Most characters of a topic. */
	private static final int MOST_OF_TOPIC = 1000;

	private static final JsonMapper MAPPER = JsonMapper.shared();

	private final String self;

	private final long most;

	private final RedisSharedState state;

	private final MessageListeners listeners;

	private final ThreadPoolExecutor thread;

	private @Nullable Subscription subscription;

	private boolean closed;

	private boolean refused;

	/**
	 * Create messages.
	 * @param self this node
	 * @param state has the channel
	 * @param listeners are called
	 * @param maxPayload size of the largest payload that another node may send
	 */
	public NodeMessages(NodeIdentity self, RedisSharedState state, MessageListeners listeners, DataSize maxPayload) {
		this.self = self.id();
		// it travels in Base64
		this.most = maxPayload.toBytes() / 3 * 4 + OVERHEAD;
		this.state = state;
		this.listeners = listeners;
		ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
		this.thread = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(CAPACITY), (task) -> {
			Thread thread = new Thread(task, "cluster-node-messages");
			thread.setContextClassLoader(classLoader);
			thread.setDaemon(true);
			return thread;
		});
	}

	@Override
	public void broadcast(int worker, String topic, byte[] payload) {
		try {
			this.state.publish(CHANNEL, MAPPER.writeValueAsBytes(new Packet(this.self, worker, topic, payload)));
		}
		catch (SharedStateException ex) {
			throw new ClusterMessagingException(
					"A broadcast about '%s' does not reach other nodes: %s".formatted(topic, ex.getMessage()), ex);
		}
	}

	/**
	 * Listen, unless this does already.
	 * @throws SharedStateException if Redis cannot be reached
	 */
	synchronized void listen() {
		if (this.subscription == null && !this.closed) {
			this.subscription = this.state.subscribe(CHANNEL, this::received);
		}
	}

	synchronized void close() {
		this.closed = true;
		if (this.subscription != null) {
			this.subscription.close();
			this.subscription = null;
		}
		this.thread.shutdown();
	}

	/**
	 * Called by one thread, in order.
	 */
	private void received(byte[] message) {
		if (message.length > this.most) {
			refuse("it has %d bytes, over the limit of %d (cluster.messaging.max-message-size)"
				.formatted(message.length, this.most));
			return;
		}
		Packet packet;
		try {
			packet = MAPPER.readValue(message, Packet.class);
		}
		catch (JacksonException ex) {
			refuse("it is not what this version of Clusterboot writes");
			return;
		}
		if (packet == null || packet.node().equals(this.self)) {
			return;
		}
		try {
			this.thread.execute(() -> this.listeners
				.call(new ClusterMessage(packet.worker(), packet.node(), packet.topic(), false), packet.payload()));
		}
		catch (RejectedExecutionException ex) {
			logger.warn("A message of worker-%d of %s about '%s' is dropped: %d wait already".formatted(packet.worker(),
					packet.node(), Names.printable(packet.topic()), this.thread.getQueue().size()));
		}
	}

	private void refuse(String reason) {
		if (!this.refused) {
			this.refused = true;
			logger.warn("A message for all nodes is dropped: %s. Others like it are not logged".formatted(reason));
		}
	}

	/**
	 * What is sent.
	 *
	 * @param node who sends it
	 * @param worker which of its workers
	 * @param topic what it is about
	 * @param payload the content, as JSON
	 */
	record Packet(String node, int worker, String topic, byte[] payload) {

		Packet {
			Objects.requireNonNull(payload);
			Assert.isTrue(Names.isValid(node), "The name of a node is too long, or cannot be printed");
			Assert.isTrue(topic.length() <= MOST_OF_TOPIC,
					() -> "A topic for all nodes has up to %d characters".formatted(MOST_OF_TOPIC));
		}

	}

}
