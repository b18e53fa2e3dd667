package io.clusterboot.worker;

import java.util.ArrayDeque;
import java.util.Deque;

import io.clusterboot.protocol.Occurrence;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * What has happened in the cluster and the application has not been told yet. It begins
 * before there is an application context. It is bounded: if nobody takes anything out,
 * the oldest is dropped, and the log says so.
 * <p>
 * Thread-safe.
 */
public final class OccurrenceQueue {

	private static final Log logger = LogFactory.getLog(OccurrenceQueue.class);

	private final int capacity;

	private final Deque<Occurrence> waiting = new ArrayDeque<>();

	private @Nullable Reader reader;

	private long dropped;

	OccurrenceQueue(int capacity) {
		this.capacity = capacity;
	}

	synchronized void add(Occurrence occurrence) {
		if (this.waiting.size() == this.capacity) {
			this.waiting.remove();
			if (this.dropped++ == 0) {
				logger.warn("%d cluster events wait for the application's listeners: the oldest are dropped"
					.formatted(this.capacity));
			}
		}
		this.waiting.add(occurrence);
		notifyAll();
	}

	/**
	 * Begin to read. Of the applications of a process only the first one counts: while it
	 * reads, others get nothing.
	 * @return reads
	 */
	public synchronized Reader read() {
		Reader next = new Reader();
		if (this.reader != null && !this.reader.closed) {
			next.closed = true;
		}
		else {
			this.reader = next;
		}
		return next;
	}

	/**
	 * Reads from a queue.
	 */
	public final class Reader {

		private boolean closed;

		/**
		 * Wait for what has happened next.
		 * @return what has happened, or {@code null} if this reader gets nothing more
		 * @throws InterruptedException if the thread is interrupted
		 */
		public @Nullable Occurrence next() throws InterruptedException {
			synchronized (OccurrenceQueue.this) {
				while (!this.closed && OccurrenceQueue.this.waiting.isEmpty()) {
					OccurrenceQueue.this.wait();
				}
				if (this.closed) {
					return null;
				}
				reportDropped();
				return OccurrenceQueue.this.waiting.remove();
			}
		}

		private void reportDropped() {
			if (OccurrenceQueue.this.dropped > 0) {
				logger.warn("%d cluster events have been dropped".formatted(OccurrenceQueue.this.dropped));
				OccurrenceQueue.this.dropped = 0;
			}
		}

		/**
		 * Read nothing more.
		 */
		public void close() {
			synchronized (OccurrenceQueue.this) {
				this.closed = true;
				OccurrenceQueue.this.notifyAll();
			}
		}

	}

}
