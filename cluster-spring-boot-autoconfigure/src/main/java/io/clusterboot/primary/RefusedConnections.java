package io.clusterboot.primary;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Has the log tell of connections to the cluster's socket that were refused: of each of
 * the first ten, and a minute later of how many more there were. Whoever connects again
 * and again does not fill the log. Thread-safe.
 */
final class RefusedConnections {

	/** Lines within a minute. */
	static final int LINES = 10;

	private static final Log logger = LogFactory.getLog(RefusedConnections.class);

	private final Executor inAMinute;

	private int lines;

	private long more;

	private long total;

	RefusedConnections() {
		this(CompletableFuture.delayedExecutor(1, TimeUnit.MINUTES));
	}

	RefusedConnections(Executor inAMinute) {
		this.inAMinute = inAMinute;
	}

	/**
	 * A connection was refused.
	 * @param message what the log is to say
	 */
	synchronized void add(String message) {
		this.total++;
		if (this.lines == LINES) {
			this.more++;
			return;
		}
		if (this.lines == 0) {
			this.inAMinute.execute(this::startAnew);
		}
		this.lines++;
		logger.error(message);
	}

	private synchronized void startAnew() {
		if (this.more > 0) {
			logger.error("%d more connections to the cluster's socket were refused within a minute, %d since its start"
				.formatted(this.more, this.total));
		}
		this.lines = 0;
		this.more = 0;
	}

}
