package io.clusterboot.worker;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

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
		return this.active.stream().filter((ticket) -> ticket.thread() == null).toList();
	}

	boolean isActive(Ticket ticket) {
		return this.active.contains(ticket);
	}

	/**
	 * For how long the oldest request has been in flight.
	 * @return the time, zero if there is none
	 */
	Duration oldest() {
		long now = System.nanoTime();
		return Duration.ofNanos(this.active.stream().mapToLong((ticket) -> now - ticket.begun).max().orElse(0));
	}

	/**
	 * Wait for something on behalf of the calling thread's request, as long as that
	 * takes: a request that waits on purpose is not stuck.
	 * @param <T> type of what is waited for
	 * @param wait waits
	 * @return what it was waited for
	 */
	public <T> T waiting(Supplier<T> wait) {
		Thread self = Thread.currentThread();
		Optional<Ticket> own = this.active.stream().filter((ticket) -> ticket.thread() == self).findAny();
		own.ifPresent(Ticket::suspend);
		try {
			return wait.get();
		}
		finally {
			own.ifPresent(Ticket::resume);
		}
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

		private final long begun = System.nanoTime();

		private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();

		private volatile long since;

		private boolean reported;

		private Ticket() {
			resume();
		}

		/**
		 * The request goes on without the calling thread. Another may have it already.
		 */
		public void suspend() {
			this.thread.compareAndSet(Thread.currentThread(), null);
		}

		/**
		 * The request goes on, on the calling thread.
		 */
		public void resume() {
			this.since = System.nanoTime();
			this.thread.set(Thread.currentThread());
		}

		/**
		 * The request has been answered.
		 */
		public void end() {
			RequestTracker.this.active.remove(this);
		}

		@Nullable Thread thread() {
			return this.thread.get();
		}

		Duration age() {
			return Duration.ofNanos(System.nanoTime() - this.since);
		}

		private boolean becameStuck(Duration limit) {
			if (this.reported || thread() == null || age().compareTo(limit) < 0) {
				return false;
			}
			this.reported = true;
			return true;
		}

	}

}
