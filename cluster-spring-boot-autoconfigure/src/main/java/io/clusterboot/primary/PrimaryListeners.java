package io.clusterboot.primary;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.clusterboot.protocol.Occurrence;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler;

/**
 * The application's listeners in the primary and the thread on which they are called.
 */
final class PrimaryListeners {

	private static final Log logger = LogFactory.getLog(PrimaryListeners.class);

	/** What may wait for a listener that is slow, or hangs. */
	private static final int WAITING = 10_000;

	/** Time that listeners get for what has happened last. */
	private static final Duration LAST = Duration.ofSeconds(1);

	private final List<PrimaryListener> listeners;

	private final ExecutorService executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS,
			new LinkedBlockingQueue<>(WAITING), (task) -> {
				Thread thread = new Thread(task, "cluster-listeners");
				thread.setDaemon(true);
				return thread;
			});

	PrimaryListeners(List<PrimaryListener> listeners) {
		this.listeners = listeners;
	}

	/**
	 * Create those that are named in {@code META-INF/spring.factories}. One that cannot
	 * be created is logged and left out.
	 * @return the listeners
	 */
	static PrimaryListeners load() {
		return new PrimaryListeners(SpringFactoriesLoader.forDefaultResourceLocation()
			.load(PrimaryListener.class, FailureHandler.logging(logger)));
	}

	boolean isEmpty() {
		return this.listeners.isEmpty();
	}

	/**
	 * Run something that calls listeners, after what was to be run before.
	 * @param task gets the listeners
	 * @return whether it will be run: not if too much waits already
	 */
	boolean run(Consumer<List<PrimaryListener>> task) {
		try {
			this.executor.execute(() -> task.accept(this.listeners));
			return true;
		}
		catch (RejectedExecutionException ex) {
			return false;
		}
	}

	/**
	 * Call no listener any more, after those for what has happened last.
	 */
	void close() {
		this.executor.shutdown();
		try {
			this.executor.awaitTermination(LAST.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Tell each listener what has happened.
	 * @param occurrence what
	 */
	void happened(Occurrence occurrence) {
		if (isEmpty()) {
			return;
		}
		boolean told = run((listeners) -> listeners.forEach((listener) -> {
			try {
				tell(listener, occurrence);
			}
			catch (Throwable ex) {
				failed(listener, ex);
			}
		}));
		if (!told) {
			logger.warn("Listeners in the primary are not told %s: they do not keep up".formatted(occurrence));
		}
	}

	private static void tell(PrimaryListener listener, Occurrence occurrence) {
		if (occurrence instanceof Occurrence.Online online) {
			listener.onWorkerOnline(online.worker());
		}
		else if (occurrence instanceof Occurrence.Listening listening) {
			listener.onWorkerListening(listening.worker());
		}
		else if (occurrence instanceof Occurrence.Disconnected disconnected) {
			listener.onWorkerDisconnect(disconnected.worker());
		}
		else if (occurrence instanceof Occurrence.Exited exited) {
			listener.onWorkerExit(exited.worker(), exited.code(), exited.signal());
		}
		else if (occurrence instanceof Occurrence.ReloadStarted started) {
			listener.onReloadStarted(started.reload());
		}
		else if (occurrence instanceof Occurrence.ReloadFinished finished) {
			listener.onReloadFinished(finished.reload());
		}
		else if (occurrence instanceof Occurrence.Scaled scaled) {
			listener.onScaled(scaled.from(), scaled.to());
		}
	}

	static void failed(PrimaryListener listener, Throwable cause) {
		logger.error("%s failed; the primary goes on".formatted(listener.getClass().getName()), cause);
	}

}
