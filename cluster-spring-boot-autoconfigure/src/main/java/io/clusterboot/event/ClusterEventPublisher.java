package io.clusterboot.event;

import io.clusterboot.protocol.Occurrence;
import io.clusterboot.worker.OccurrenceQueue;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * Publishes what happens in the cluster as {@linkplain ClusterEvent application events},
 * one after the other on a thread of its own: nobody but the next event waits for a
 * listener. Begins when everything else in the application context has started, and ends
 * before anything stops.
 */
public final class ClusterEventPublisher implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ClusterEventPublisher.class);

	private final OccurrenceQueue occurrences;

	private final ApplicationEventPublisher publisher;

	private @Nullable Publication publication;

	/**
	 * Create a publisher.
	 * @param occurrences what happens
	 * @param publisher publishes application events
	 */
	public ClusterEventPublisher(OccurrenceQueue occurrences, ApplicationEventPublisher publisher) {
		this.occurrences = occurrences;
		this.publisher = publisher;
	}

	@Override
	public synchronized void start() {
		if (this.publication == null) {
			this.publication = new Publication();
			this.publication.start();
		}
	}

	@Override
	public void stop() {
		stop(() -> {
		});
	}

	/**
	 * Waits for a listener that is being called, as far as the context waits for anything
	 * that stops, unless it is that listener who closes the context.
	 */
	@Override
	public synchronized void stop(Runnable callback) {
		Publication ending = this.publication;
		this.publication = null;
		if (ending == null) {
			callback.run();
		}
		else {
			ending.end(callback);
		}
	}

	@Override
	public synchronized boolean isRunning() {
		return this.publication != null;
	}

	private static ClusterEvent event(Occurrence occurrence) {
		if (occurrence instanceof Occurrence.Online online) {
			return new WorkerOnlineEvent(ClusterMember.of(online.worker()));
		}
		if (occurrence instanceof Occurrence.Listening listening) {
			return new WorkerListeningEvent(ClusterMember.of(listening.worker()));
		}
		if (occurrence instanceof Occurrence.Disconnected disconnected) {
			return new WorkerDisconnectedEvent(ClusterMember.of(disconnected.worker()));
		}
		if (occurrence instanceof Occurrence.Exited exited) {
			return new WorkerExitedEvent(ClusterMember.of(exited.worker()), exited.code(), exited.signal());
		}
		if (occurrence instanceof Occurrence.ReloadStarted started) {
			return new ReloadStartedEvent(started.reload());
		}
		if (occurrence instanceof Occurrence.ReloadFinished finished) {
			return new ReloadFinishedEvent(finished.reload());
		}
		if (occurrence instanceof Occurrence.Scaled scaled) {
			return new ScaledEvent(scaled.from(), scaled.to());
		}
		throw new IllegalArgumentException("Unknown: " + occurrence);
	}

	private final class Publication {

		private final OccurrenceQueue.Reader reader = ClusterEventPublisher.this.occurrences.read();

		private final Thread thread = new Thread(this::run, "cluster-events");

		private @Nullable Runnable afterwards;

		private boolean over;

		void start() {
			this.thread.setDaemon(true);
			this.thread.start();
		}

		private void run() {
			try {
				for (Occurrence next = this.reader.next(); next != null; next = this.reader.next()) {
					publish(event(next));
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			finally {
				over();
			}
		}

		private void publish(ClusterEvent event) {
			try {
				ClusterEventPublisher.this.publisher.publishEvent(event);
			}
			catch (RuntimeException | Error ex) {
				logger.warn("A listener failed to handle " + event, ex);
			}
		}

		private synchronized void over() {
			this.over = true;
			if (this.afterwards != null) {
				this.afterwards.run();
			}
		}

		synchronized void end(Runnable afterwards) {
			this.reader.close();
			if (this.over || Thread.currentThread() == this.thread) {
				afterwards.run();
			}
			else {
				this.afterwards = afterwards;
			}
		}

	}

}
