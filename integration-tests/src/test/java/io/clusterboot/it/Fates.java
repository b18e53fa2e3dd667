package io.clusterboot.it;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.clusterboot.it.LoadResult.Exchange;
import io.clusterboot.it.LoadResult.Outcome;

/**
 * Collects what becomes of the requests of a load, from all of its clients.
 */
final class Fates {

	private final Queue<Exchange> exchanges = new ConcurrentLinkedQueue<>();

	private final AtomicInteger answers = new AtomicInteger();

	private final Set<Long> answeredBy = ConcurrentHashMap.newKeySet();

	/**
	 * A request was answered well.
	 * @param start when it was begun
	 * @param peer who answered before on its connection, or 0
	 * @param pid who answered it
	 * @param closes whether the connection ends with it
	 */
	void answered(long start, long peer, long pid, boolean closes) {
		add(start, peer, Outcome.OK, pid, closes, "");
		this.answers.incrementAndGet();
		this.answeredBy.add(pid);
	}

	/**
	 * A request was not answered well, or a session has ended.
	 * @param start when it was begun
	 * @param peer who answered before on its connection, or 0
	 * @param outcome what became of it
	 * @param detail more about it
	 */
	void other(long start, long peer, Outcome outcome, String detail) {
		add(start, peer, outcome, 0, true, detail);
	}

	/**
	 * A request failed.
	 * @param start when it was begun
	 * @param peer who answered before on its connection, or 0
	 * @param failure why
	 */
	void failed(long start, long peer, IOException failure) {
		other(start, peer, outcome(failure), failure.toString());
		// a client that is refused at once must not take a processor for itself
		LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
	}

	private static Outcome outcome(IOException failure) {
		if (failure instanceof ConnectException) {
			return Outcome.REFUSED;
		}
		return (failure instanceof SocketTimeoutException) ? Outcome.TIMED_OUT : Outcome.RESET;
	}

	private void add(long start, long peer, Outcome outcome, long pid, boolean closes, String detail) {
		this.exchanges.add(new Exchange(start, System.nanoTime(), peer, outcome, pid, closes, detail));
	}

	/**
	 * Number of requests that were answered well so far.
	 */
	int answers() {
		return this.answers.get();
	}

	/**
	 * The processes that have answered so far.
	 */
	Set<Long> answeredBy() {
		return Set.copyOf(this.answeredBy);
	}

	LoadResult soFar() {
		return new LoadResult(List.copyOf(this.exchanges));
	}

}
