package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.worker.ConnectionMoves;

/**
 * Moves the connections that Tomcat has given up. Its thread is there only while there
 * are some.
 * <p>
 * A channel that is closed while it is registered with a selector is shut down by the
 * JDK, which would end the connection for the other worker too. Only the selector's
 * thread can complete a deregistration, so connections are taken in batches that wait for
 * it once.
 */
final class Mover {

	private static final int BATCH = 32;

	private static final Duration THREAD_IDLE = Duration.ofSeconds(5);

	/** The selector's thread needs microseconds, unless it is starved. */
	private static final Duration DEREGISTRATION = Duration.ofSeconds(1);

	private static final long LOOK_NANOS = 20_000;

	private final SharedNioEndpoint endpoint;

	private final ConnectionMoves moves;

	private final Queue<SharedConnection> givenUp = new ConcurrentLinkedQueue<>();

	/** As many as may be on their way, so that the link does not get congested. */
	private final Semaphore onTheirWay = new Semaphore(BATCH);

	private final Executor thread = thread();

	Mover(SharedNioEndpoint endpoint, ConnectionMoves moves) {
		this.endpoint = endpoint;
		this.moves = moves;
	}

	private static Executor thread() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, THREAD_IDLE.toMillis(), TimeUnit.MILLISECONDS,
				new LinkedBlockingQueue<>(), (task) -> {
					Thread thread = new Thread(task, "cluster-hand-over");
					thread.setDaemon(true);
					return thread;
				});
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	/**
	 * Whether all connections that can move do, so that nobody has to be told to close.
	 * @return whether they do
	 */
	boolean wantsAll() {
		return canMove() && this.moves.areForAll();
	}

	/**
	 * A connection can move.
	 * @return whether it is to, which has to be done then
	 */
	boolean wants() {
		return canMove() && this.moves.begin();
	}

	/**
	 * What encryption has agreed on with the client is known to this process only.
	 */
	private boolean canMove() {
		return !this.endpoint.isSSLEnabled();
	}

	void move(SharedConnection connection) {
		this.givenUp.add(connection);
		this.thread.execute(this::moveBatch);
	}

	private void moveBatch() {
		List<SharedConnection> batch = new ArrayList<>();
		for (SharedConnection next = this.givenUp.poll(); next != null; next = this.givenUp.poll()) {
			SelectionKey key = next.key();
			if (key != null) {
				key.cancel();
			}
			batch.add(next);
			if (batch.size() == BATCH) {
				break;
			}
		}
		if (!batch.isEmpty()) {
			batch.get(0).getPoller().getSelector().wakeup();
			batch.forEach(this::handOver);
		}
	}

	private void handOver(SharedConnection connection) {
		if (!awaitDeregistration(connection)) {
			move(connection);
			return;
		}
		try {
			KeptConnection kept = connection.describe();
			this.onTheirWay.acquireUninterruptibly();
			this.endpoint.handOver(connection.channel(), kept).thenAccept((taken) -> {
				this.onTheirWay.release();
				if (taken) {
					connection.moved();
				}
				else {
					this.moves.refused();
					connection.comeBack();
				}
			});
		}
		catch (IOException ex) {
			// the client has gone
			connection.moved();
		}
	}

	private static boolean awaitDeregistration(SharedConnection connection) {
		long deadline = System.nanoTime() + DEREGISTRATION.toNanos();
		while (connection.channel().isRegistered()) {
			if (System.nanoTime() - deadline > 0) {
				return false;
			}
			LockSupport.parkNanos(LOOK_NANOS);
		}
		return true;
	}

}
