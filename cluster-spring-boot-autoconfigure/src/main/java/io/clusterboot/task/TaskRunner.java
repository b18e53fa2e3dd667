package io.clusterboot.task;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.messaging.MessageHandler;
import io.clusterboot.messaging.MessageMethod;
import io.clusterboot.messaging.MessageNotDeliveredException;
import io.clusterboot.messaging.Payloads;
import io.clusterboot.protocol.Envelope.Delivery;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is submitted to this worker, on threads of its own. As soon as twice as many
 * tasks are there as it runs, it reads no more: they wait where they come from.
 */
public final class TaskRunner implements MessageHandler {

	/** Time after which a thread without a task ends. */
	private static final Duration IDLE = Duration.ofSeconds(10);

	private final Tasks tasks;

	private final Payloads payloads;

	private final ExecutorService threads;

	private final Semaphore room;

	/**
	 * Create a runner.
	 * @param tasks the tasks
	 * @param payloads reads arguments and writes results
	 * @param parallelism number of tasks that run at the same time
	 */
	public TaskRunner(Tasks tasks, Payloads payloads, int parallelism) {
		this.tasks = tasks;
		this.payloads = payloads;
		this.room = new Semaphore(2 * parallelism);
		ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
		AtomicInteger number = new AtomicInteger();
		ThreadPoolExecutor threads = new ThreadPoolExecutor(parallelism, parallelism, IDLE.toSeconds(),
				TimeUnit.SECONDS, new LinkedBlockingQueue<>(), (task) -> {
					Thread thread = new Thread(task, "cluster-task-" + number.incrementAndGet());
					thread.setContextClassLoader(classLoader);
					thread.setDaemon(true);
					return thread;
				});
		threads.allowCoreThreadTimeOut(true);
		this.threads = threads;
	}

	@Override
	public Handling open(Delivery message, byte[] payload) {
		Tasks.Task task = this.tasks.find(message.topic());
		if (task == null) {
			throw new MessageNotDeliveredException(
					"It has no @ClusterTask of the name '%s'".formatted(message.topic()));
		}
		return new Run(message.topic(), task.method(), task.method().arguments(message, payload, this.payloads));
	}

	/**
	 * One run of a task. Whoever cancels it interrupts its thread; it is over when the
	 * method has returned, whatever that makes of it.
	 */
	private final class Run implements Handling, Runnable {

		private final String name;

		private final MessageMethod method;

		private final @Nullable Object[] arguments;

		private final CompletableFuture<byte[]> result = new CompletableFuture<>();

		private @Nullable Thread thread;

		private boolean cancelled;

		private Run(String name, MessageMethod method, @Nullable Object[] arguments) {
			this.name = name;
			this.method = method;
			this.arguments = arguments;
		}

		@Override
		public CompletionStage<byte[]> handle() {
			TaskRunner.this.room.acquireUninterruptibly();
			this.result.whenComplete((json, failure) -> TaskRunner.this.room.release());
			TaskRunner.this.threads.execute(this);
			return this.result;
		}

		@Override
		public void run() {
			if (!begin()) {
				this.result.completeExceptionally(new CancellationException());
				return;
			}
			CompletionStage<?> stage;
			try {
				stage = this.method.call(this.arguments);
			}
			finally {
				end();
			}
			stage.whenComplete(this::complete);
		}

		private synchronized boolean begin() {
			if (!this.cancelled) {
				this.thread = Thread.currentThread();
			}
			return !this.cancelled;
		}

		/**
		 * An interrupt that comes too late is not for the next task.
		 */
		private synchronized void end() {
			this.thread = null;
			Thread.interrupted();
		}

		@Override
		public synchronized void cancel() {
			this.cancelled = true;
			if (this.thread != null) {
				this.thread.interrupt();
			}
		}

		private void complete(@Nullable Object value, @Nullable Throwable failure) {
			try {
				if (failure != null) {
					this.result.completeExceptionally(failure);
				}
				else {
					this.result.complete(
							TaskRunner.this.payloads.write("The result of task '%s'".formatted(this.name), value));
				}
			}
			catch (Throwable ex) {
				this.result.completeExceptionally(ex);
			}
		}

	}

}
