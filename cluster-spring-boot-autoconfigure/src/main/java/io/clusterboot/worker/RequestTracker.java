package io.clusterboot.worker;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;

/**
 * Knows the requests in flight, from the moment a server hands one to the application
 * until its response has been written.
 * <p>
 * Thread-safe.
 */
public final class RequestTracker {

	private final Set<Ticket> active = ConcurrentHashMap.newKeySet();

	private final LongAdder total = new LongAdder();

	/**
	 * A request has begun, on the calling thread.
	 * @return to be ended with the request
	 */
	public Ticket begin() {
		Ticket ticket = new Ticket();
		this.active.add(ticket);
		this.total.increment();
		return ticket;
	}

	int active() {
		return this.active.size();
	}

	/**
	 * The requests in flight that hold no thread since they are processed asynchronously.
	 * @return the requests
	 */
	List<Ticket> waiting() {
		return this.active.stream().filter((ticket) -> ticket.thread == null).toList();
	}

	boolean isActive(Ticket ticket) {
		return this.active.contains(ticket);
	}

	long total() {
		return this.total.sum();
	}

	/**
	 * The requests that have held a thread for too long and have not been returned
	 * before.
	 * @param limit longest time that is allowed
	 * @return the requests, each of them once
	 */
	List<Ticket> newlyStuck(Duration limit) {
		return this.active.stream().filter((ticket) -> ticket.becameStuck(limit)).toList();
	}

	/**
	 * A request in flight. It holds a thread, except while it is processed
	 * asynchronously.
	 */
	public final class Ticket {

		private volatile @Nullable Thread thread;

		private volatile long since;

		private boolean reported;

		private Ticket() {
			resume();
		}

		/**
		 * The request goes on without a thread.
		 */
		public void suspend() {
			this.thread = null;
		}

		/**
		 * The request goes on, on the calling thread.
		 */
		public void resume() {
			this.since = System.nanoTime();
			this.thread = Thread.currentThread();
		}

		/**
		 * The request has been answered.
		 */
		public void end() {
			RequestTracker.this.active.remove(this);
		}

		@Nullable Thread thread() {
			return this.thread;
		}

		Duration age() {
			return Duration.ofNanos(System.nanoTime() - this.since);
		}

		private boolean becameStuck(Duration limit) {
			if (this.reported || this.thread == null || age().compareTo(limit) < 0) {
				return false;
			}
			this.reported = true;
			return true;
		}

	}

}
