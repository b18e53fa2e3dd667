package io.clusterboot.scheduling;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import io.clusterboot.protocol.Verdict;
import io.clusterboot.worker.Permits;
import io.clusterboot.worker.Permits.Permit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Runs what is to run once per cluster, or does not. What is to run once in the life of
 * the cluster is held until this worker is the leader, and runs on a thread of its own,
 * in the order in which it came. That thread ends when nothing is held any more.
 * <p>
 * Thread-safe.
 */
public final class ClusterRuns implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ClusterRuns.class);

	/** Between two attempts to get a permit that another worker still has. */
	private static final Duration RETRY = Duration.ofMillis(500);

	private final Permits permits;

	private final Queue<Held> held = new ArrayDeque<>();

	private boolean running = true;

	private @Nullable Thread thread;

	/**
	 * Create what runs things.
	 * @param permits says what this worker may run
	 */
	public ClusterRuns(Permits permits) {
		this.permits = permits;
	}

	/**
	 * Run something now, if this is the worker to do it.
	 * @param name what it is known as
	 * @param call runs it
	 * @throws Throwable whatever it throws
	 */
	void runOrSkip(String name, Call call) throws Throwable {
		Permit permit = permit(name);
		if (permit == null) {
			return;
		}
		try {
			call.run();
		}
		finally {
			permit.release();
		}
	}

	private @Nullable Permit permit(String name) {
		if (!this.permits.isLeader()) {
			logger.debug("'%s' is skipped: this worker is not the leader".formatted(name));
			return null;
		}
		try {
			Permit permit = this.permits.acquire(name);
			if (permit.verdict() != Verdict.GRANTED) {
				logger.debug("'%s' is skipped: another run of it is under way".formatted(name));
				return null;
			}
			if (!this.permits.isLeader()) {
				permit.release();
				logger.debug("'%s' is skipped: this worker is not the leader any more".formatted(name));
				return null;
			}
			return permit;
		}
		catch (IOException ex) {
			logger.warn("'%s' is skipped: %s".formatted(name, ex.getMessage()));
			return null;
		}
	}

	/**
	 * Run something once in the life of the cluster, when this worker is the leader and
	 * nobody else has done it.
	 * @param name what it is known as
	 * @param call runs it
	 */
	synchronized void hold(String name, Call call) {
		this.held.add(new Held(name, call));
		if (this.running) {
			startThread();
		}
	}

	private void startThread() {
		if (this.thread == null) {
			this.thread = new Thread(this::runHeld, "cluster-once");
			this.thread.setDaemon(true);
			this.thread.start();
		}
	}

	private void runHeld() {
		try {
			for (Held next = next(); next != null; next = next()) {
				this.permits.awaitLeader();
				if (settle(next)) {
					settled(next);
				}
				else {
					Thread.sleep(RETRY.toMillis());
				}
			}
		}
		catch (InterruptedException ex) {
			logger.debug("What is to run once per cluster is left to the next leader");
		}
	}

	private synchronized @Nullable Held next() {
		Held next = this.running ? this.held.peek() : null;
		if (next == null) {
			this.thread = null;
		}
		return next;
	}

	private synchronized void settled(Held settled) {
		this.held.remove(settled);
	}

	/**
	 * Run something, unless it has been done or it is not this worker's turn.
	 * @return whether it is done
	 */
	private boolean settle(Held held) throws InterruptedException {
		try {
			Permit permit = this.permits.acquire(held.name());
			if (permit.verdict() == Verdict.GRANTED && !this.permits.isLeader()) {
				permit.release();
				return false;
			}
			if (permit.verdict() == Verdict.GRANTED) {
				run(held, permit);
			}
			return permit.verdict() != Verdict.REFUSED;
		}
		catch (IOException ex) {
			logger.warn("'%s' has to wait: %s".formatted(held.name(), ex.getMessage()));
			return false;
		}
	}

	/**
	 * What fails because this worker leaves is not done.
	 */
	private void run(Held held, Permit permit) throws InterruptedException {
		logger.debug("'%s' runs for the cluster".formatted(held.name()));
		try {
			held.call().run();
		}
		catch (Throwable ex) {
			if (!isRunning()) {
				permit.release();
				logger.info("'%s' was interrupted, since this worker leaves: it is left to the next leader"
					.formatted(held.name()), ex);
				throw new InterruptedException();
			}
			logger.error("'%s' failed, and is not repeated".formatted(held.name()), ex);
		}
		permit.complete();
	}

	/**
	 * It runs from the beginning, and is started again only after it has been stopped.
	 */
	@Override
	public synchronized void start() {
		this.running = true;
		if (!this.held.isEmpty()) {
			startThread();
		}
	}

	@Override
	public synchronized void stop() {
		this.running = false;
		if (this.thread != null) {
			this.thread.interrupt();
			this.thread = null;
		}
	}

	@Override
	public synchronized boolean isRunning() {
		return this.running;
	}

	/**
	 * Something to run.
	 */
	@FunctionalInterface
	interface Call {

		/**
		 * Run it.
		 * @throws Throwable whatever it throws
		 */
		void run() throws Throwable;

	}

	private record Held(String name, Call call) {
	}

}
