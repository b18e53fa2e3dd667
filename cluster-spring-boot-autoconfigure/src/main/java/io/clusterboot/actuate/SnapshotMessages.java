package io.clusterboot.actuate;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;

import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.messaging.MessageHandler;
import io.clusterboot.metrics.SnapshotRequests;
import io.clusterboot.metrics.WorkerSnapshots;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Envelope.Delivery;

import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Carries snapshots of meters between workers, as messages.
 */
public final class SnapshotMessages implements SnapshotRequests, MessageHandler {

	private static final byte[] EMPTY = {};

	private final MessageExchange exchange;

	private final WorkerSnapshots snapshots;

	/** A request may wait for room among those of the application, and not for others. */
	private final Executor threads;

	/**
	 * Create messages.
	 * @param exchange sends and receives them
	 * @param snapshots the meters of this worker
	 */
	public SnapshotMessages(MessageExchange exchange, WorkerSnapshots snapshots) {
		this.exchange = exchange;
		this.snapshots = snapshots;
		CustomizableThreadFactory factory = new CustomizableThreadFactory("cluster-scrape-");
		factory.setDaemon(true);
		this.threads = Executors.newCachedThreadPool(factory);
		exchange.handle(Channel.METRICS, this);
	}

	@Override
	public CompletableFuture<byte[]> request(int id, Duration timeout) {
		return CompletableFuture
			.supplyAsync(() -> this.exchange.request("A request for the meters of worker-" + id, id, Channel.METRICS,
					"snapshot", EMPTY, List.of(), timeout, Function.identity()), this.threads)
			.thenCompose(Function.identity());
	}

	@Override
	public Handling open(Delivery message, byte[] payload) {
		return () -> CompletableFuture.completedFuture(this.snapshots.write());
	}

}
