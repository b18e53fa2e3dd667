package io.clusterboot.worker;

import java.time.Duration;
import java.util.Collection;

import io.clusterboot.ClusterProperties;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The way out for a worker that has accepted connections. Whoever has an open connection
 * is told with its next response that it closes; what is in flight is finished; those
 * that stay silent for the grace period are given up.
 */
final class Drain {

	private static final Log logger = LogFactory.getLog(Drain.class);

	private static final Duration POLL = Duration.ofMillis(10);

	private final ClusterProperties.Drain settings;

	private final RequestTracker requests;

	private final Collection<SharedServer> servers;

	Drain(ClusterProperties.Drain settings, RequestTracker requests, Collection<SharedServer> servers) {
		this.settings = settings;
		this.requests = requests;
		this.servers = servers;
	}

	/**
	 * Stop to accept, then wait until there is nothing left to do or the time is over.
	 */
	void run() {
		this.servers.forEach(SharedServer::closeGracefully);
		long start = System.nanoTime();
		while (isBusy(start)) {
			if (elapsed(start).compareTo(this.settings.timeout()) >= 0) {
				logger.warn("%d requests are still in flight after cluster.drain.timeout (%d ms): they are cut off"
					.formatted(this.requests.active(), this.settings.timeout().toMillis()));
				return;
			}
			if (!pause()) {
				return;
			}
		}
	}

	/**
	 * The grace period begins anew with each response, for the client of a long request
	 * to have it too.
	 */
	private boolean isBusy(long start) {
		if (this.requests.active() > 0) {
			return true;
		}
		long lastEnd = this.requests.lastEnd();
		long idleSince = (lastEnd - start > 0) ? lastEnd : start;
		return connections() > 0 && elapsed(idleSince).compareTo(this.settings.idleGrace()) < 0;
	}

	private static Duration elapsed(long since) {
		return Duration.ofNanos(System.nanoTime() - since);
	}

	private int connections() {
		return this.servers.stream().mapToInt(SharedServer::connections).sum();
	}

	private static boolean pause() {
		try {
			Thread.sleep(POLL.toMillis());
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

}
