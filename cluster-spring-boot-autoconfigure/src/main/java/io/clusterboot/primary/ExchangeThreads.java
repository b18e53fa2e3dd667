package io.clusterboot.primary;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Threads of a server of which an exchange holds one from the first byte of the request
 * until the last one of the response, however slow its client is. When all are held, a
 * new exchange ends an old one, and so waits for nobody: first the oldest whose client
 * has not asked for anything yet, and if all have, the oldest. Thread-safe.
 */
final class ExchangeThreads implements Executor, AutoCloseable {

	private static final long IDLE = 10;

	private final int most;

	private final ThreadPoolExecutor threads;

	/** Those that go on, the oldest first. */
	private final Set<Exchange> exchanges = new LinkedHashSet<>();

	/**
	 * Create threads, which are started when they are needed.
	 * @param name their name
	 * @param most how many there are at the most
	 */
	ExchangeThreads(String name, int most) {
		this.most = most;
		this.threads = new ThreadPoolExecutor(most, most, IDLE, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				(task) -> {
					Thread thread = new Thread(task, name);
					thread.setDaemon(true);
					return thread;
				});
		this.threads.allowCoreThreadTimeOut(true);
	}

	/**
	 * Run an exchange. It has to end when its thread is interrupted, as what reads from a
	 * channel or writes to one does.
	 */
	@Override
	public void execute(Runnable task) {
		Exchange exchange = new Exchange(task);
		synchronized (this.exchanges) {
			if (this.exchanges.size() >= this.most) {
				endOne();
			}
			this.exchanges.add(exchange);
		}
		this.threads.execute(exchange);
	}

	private void endOne() {
		Exchange one = this.exchanges.stream()
			.filter((exchange) -> !exchange.asked)
			.findFirst()
			.orElseGet(() -> this.exchanges.iterator().next());
		this.exchanges.remove(one);
		one.end();
	}

	/**
	 * The client of the exchange on this thread has sent its request.
	 */
	void asked() {
		synchronized (this.exchanges) {
			this.exchanges.stream()
				.filter((exchange) -> exchange.thread == Thread.currentThread())
				.forEach((exchange) -> exchange.asked = true);
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	/**
	 * Its state is guarded by that of all, so that no thread is interrupted that has gone
	 * on to something else.
	 */
	private final class Exchange implements Runnable {

		private final Runnable task;

		private @Nullable Thread thread;

		private boolean asked;

		private boolean ended;

		private Exchange(Runnable task) {
			this.task = task;
		}

		@Override
		public void run() {
			begin();
			try {
				this.task.run();
			}
			finally {
				finish();
			}
		}

		private void begin() {
			synchronized (ExchangeThreads.this.exchanges) {
				this.thread = Thread.currentThread();
				if (this.ended) {
					this.thread.interrupt();
				}
			}
		}

		private void end() {
			this.ended = true;
			if (this.thread != null) {
				this.thread.interrupt();
			}
		}

		private void finish() {
			synchronized (ExchangeThreads.this.exchanges) {
				ExchangeThreads.this.exchanges.remove(this);
				this.thread = null;
			}
			// the next exchange is not meant
			Thread.interrupted();
		}

	}

}
