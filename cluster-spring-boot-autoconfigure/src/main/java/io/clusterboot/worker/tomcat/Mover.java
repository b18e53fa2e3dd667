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
import java.util.function.Consumer;

import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.worker.ConnectionMoves;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

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

	private static final Log logger = LogFactory.getLog(Mover.class);

	/** As many as may be on their way, so that the link does not get congested. */
	private static final int ON_THEIR_WAY = 32;

	private static final Duration THREAD_IDLE = Duration.ofSeconds(5);

	/** The selector's thread needs microseconds, unless it is starved. */
	private static final Duration DEREGISTRATION = Duration.ofSeconds(1);

	/** Others take a connection within milliseconds, unless they stand still. */
	private static final Duration STALL = Duration.ofSeconds(1);

	private static final long LOOK_NANOS = 20_000;

	private final SharedNioEndpoint endpoint;

	private final ConnectionMoves moves;

	private final Queue<SharedConnection> givenUp = new ConcurrentLinkedQueue<>();

	private final Semaphore onTheirWay = new Semaphore(ON_THEIR_WAY);

	/** When the first of them set out, or the last one arrived. */
	private volatile long lastProgress = System.nanoTime();

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
		return canMove() && this.moves.areForAll() && !isStalled();
	}

	/**
	 * A connection can move.
	 * @return whether it is to, which has to be done then
	 */
	boolean wants() {
		if (!canMove() || !this.onTheirWay.tryAcquire()) {
			return false;
		}
		if (this.moves.begin()) {
			if (this.onTheirWay.availablePermits() == ON_THEIR_WAY - 1) {
				this.lastProgress = System.nanoTime();
			}
			return true;
		}
		this.onTheirWay.release();
		return false;
	}

	/**
	 * What encryption has agreed on with the client is known to this process only.
	 */
	private boolean canMove() {
		return !this.endpoint.isSSLEnabled();
	}

	/**
	 * Nobody answers for those that are on their way. All others are served on.
	 */
	private boolean isStalled() {
		return this.onTheirWay.availablePermits() == 0 && System.nanoTime() - this.lastProgress > STALL.toNanos();
	}

	void move(SharedConnection connection) {
		this.givenUp.add(connection);
		this.thread.execute(this::moveBatch);
	}

	private void moveBatch() {
		List<SharedConnection> batch = new ArrayList<>();
		for (SharedConnection next = this.givenUp.poll(); next != null; next = this.givenUp.poll()) {
			batch.add(next);
		}
		batch.removeIf((connection) -> !attempt(connection, this::deregister));
		batch.forEach((connection) -> attempt(connection, this::handOver));
	}

	/**
	 * One that fails must not keep the others from being moved. It is closed already, as
	 * a rule: the poller takes no lock for that.
	 */
	private boolean attempt(SharedConnection connection, Consumer<SharedConnection> step) {
		try {
			step.accept(connection);
			return true;
		}
		catch (RuntimeException ex) {
			logger.debug("A connection cannot move", ex);
			arrived(connection, connection.isClosed());
			return false;
		}
	}

	private void deregister(SharedConnection connection) {
		SelectionKey key = connection.key();
		if (key != null) {
			key.cancel();
			connection.getPoller().getSelector().wakeup();
		}
	}

	private void handOver(SharedConnection connection) {
		if (!awaitDeregistration(connection)) {
			move(connection);
			return;
		}
		try {
			KeptConnection kept = connection.describe();
			this.endpoint.handOver(connection.channel(), kept).thenAccept((taken) -> arrived(connection, taken));
		}
		catch (IOException ex) {
			// the client has gone
			arrived(connection, true);
		}
	}

	private void arrived(SharedConnection connection, boolean taken) {
		this.lastProgress = System.nanoTime();
		this.onTheirWay.release();
		if (taken) {
			connection.moved();
		}
		else {
			this.moves.refused();
			connection.comeBack();
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
