package io.clusterboot.node;

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
import tools.jackson.databind.json.JsonMapper;

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

	private static final JsonMapper MAPPER = JsonMapper.shared();

	private final String self;

	private final RedisSharedState state;

	private final MessageListeners listeners;

	private final ThreadPoolExecutor thread;

	private @Nullable Subscription subscription;

	private boolean closed;

	/**
	 * Create messages.
	 * @param self this node
	 * @param state has the channel
	 * @param listeners are called
	 */
	public NodeMessages(NodeIdentity self, RedisSharedState state, MessageListeners listeners) {
		this.self = self.id();
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

	private void received(byte[] message) {
		Packet packet = MAPPER.readValue(message, Packet.class);
		if (packet.node().equals(this.self)) {
			return;
		}
		try {
			this.thread.execute(() -> this.listeners
				.call(new ClusterMessage(packet.worker(), packet.node(), packet.topic(), false), packet.payload()));
		}
		catch (RejectedExecutionException ex) {
			logger.warn("A message of worker-%d of %s about '%s' is dropped: %d wait already".formatted(packet.worker(),
					packet.node(), packet.topic(), this.thread.getQueue().size()));
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

	}

}
