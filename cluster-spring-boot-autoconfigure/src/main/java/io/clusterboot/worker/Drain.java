package io.clusterboot.worker;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.ToIntFunction;

import io.clusterboot.ClusterProperties;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The way out for a worker that has accepted connections. It ends with the last
 * connection:
 * <ul>
 * <li>a connection that can move goes to another worker, where hand-over is on, and its
 * client does not notice;
 * <li>a client that sends a request is told with the response that its connection closes;
 * <li>a connection that is idle for the grace period is closed, one after the other
 * during the close window, for their clients not to come back all at once;
 * <li>what is left when the time is over is ended if it can be ended well, and cut off by
 * the end of the process otherwise.
 * </ul>
 */
final class Drain {

	private static final Log logger = LogFactory.getLog(Drain.class);

	private static final Duration POLL = Duration.ofMillis(10);

	/**
	 * For clients to answer a goodbye, and for listeners of the application to run, on
	 * processors that are busy with the start of another worker.
	 */
	private static final Duration GOODBYE = Duration.ofSeconds(3);

	private final ClusterProperties.Drain settings;

	private final RequestTracker requests;

	private final Collection<SharedServer> servers;

	private final IntSupplier otherWork;

	private final CloseWindow window;

	private final DrainClock clock;

	/**
	 * Create a drain.
	 * @param settings how long it may take
	 * @param requests the requests in flight
	 * @param servers where they come from
	 * @param otherWork number of other things that are worked on: messages of other
	 * workers, and what runs once per cluster
	 * @param clock the time that it takes
	 */
	Drain(ClusterProperties.Drain settings, RequestTracker requests, Collection<SharedServer> servers,
			IntSupplier otherWork, DrainClock clock) {
		this.settings = settings;
		this.requests = requests;
		this.servers = servers;
		this.otherWork = otherWork;
		this.window = new CloseWindow(settings.idleGrace(), settings.closeWindow());
		this.clock = clock;
	}

	/**
	 * Stop to accept, then wait until there is nothing left to do or the time is over.
	 */
	void run() {
		long start = this.clock.nanoTime();
		boolean over = await(start, this.settings.timeout(), () -> {
			this.servers.forEach(SharedServer::closeGracefully);
			this.servers.forEach(SharedServer::handOver);
			closeIdle(Duration.ofNanos(this.clock.nanoTime() - start));
			return this.requests.active() == 0 && sum(SharedServer::connections) == 0 && this.otherWork.getAsInt() == 0;
		});
		if (!over && !Thread.currentThread().isInterrupted()) {
			List<Ticket> waiting = this.requests.waiting();
			logger.warn(describeRest(waiting.size()));
			this.servers.forEach(SharedServer::endLongLived);
			await(this.clock.nanoTime(), GOODBYE,
					() -> waiting.stream().noneMatch(this.requests::isActive) && sum(SharedServer::sessions) == 0);
		}
	}

	private void closeIdle(Duration elapsed) {
		if (!this.window.isOpen(elapsed)) {
			return;
		}
		int quota = this.window.quota(elapsed,
				() -> sum((server) -> server.idleConnections(this.settings.idleGrace())));
		for (SharedServer server : this.servers) {
			int closed = server.closeIdle(this.settings.idleGrace(), quota);
			this.window.closed(closed);
			quota -= closed;
		}
	}

	private String describeRest(int waiting) {
		return ("cluster.drain.timeout (%d ms) is over with %d connections open. Cut off: %d requests in process and "
				+ "%d idle connections. Ended: %d asynchronous requests and %d sessions, such as WebSockets. Left: %d messages, tasks and "
				+ "runs.")
			.formatted(this.settings.timeout().toMillis(), sum(SharedServer::connections),
					this.requests.active() - waiting, sum((server) -> server.idleConnections(Duration.ZERO)), waiting,
					sum(SharedServer::sessions), this.otherWork.getAsInt());
	}

	private int sum(ToIntFunction<SharedServer> count) {
		return this.servers.stream().mapToInt(count).sum();
	}

	/**
	 * Look at a condition again and again, at least once.
	 * @param start when the time has begun
	 * @param atMost for how long
	 * @param condition the condition
	 * @return whether it came true, as opposed to the end of the time or an interrupt
	 */
	private boolean await(long start, Duration atMost, BooleanSupplier condition) {
		while (!condition.getAsBoolean()) {
			if (this.clock.nanoTime() - start >= atMost.toNanos() || !pause()) {
				return false;
			}
		}
		return true;
	}

	private boolean pause() {
		try {
			this.clock.sleep(POLL);
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

}
