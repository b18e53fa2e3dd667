package io.clusterboot.task;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
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
		this.threads = Executors.newFixedThreadPool(parallelism, (task) -> {
			Thread thread = new Thread(task, "cluster-task-" + number.incrementAndGet());
			thread.setContextClassLoader(classLoader);
			thread.setDaemon(true);
			return thread;
		});
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
	 * One run of a task.
	 */
	private final class Run extends FutureTask<CompletionStage<?>> implements Handling {

		private final String name;

		private final CompletableFuture<byte[]> result = new CompletableFuture<>();

		private Run(String name, MessageMethod method, @Nullable Object[] arguments) {
			super(() -> method.call(arguments));
			this.name = name;
		}

		@Override
		public CompletionStage<byte[]> handle() {
			TaskRunner.this.room.acquireUninterruptibly();
			this.result.whenComplete((json, failure) -> TaskRunner.this.room.release());
			TaskRunner.this.threads.execute(this);
			return this.result;
		}

		@Override
		public void cancel() {
			cancel(true);
		}

		@Override
		protected void done() {
			try {
				get().whenComplete(this::complete);
			}
			catch (CancellationException ex) {
				this.result.completeExceptionally(ex);
			}
			catch (ExecutionException ex) {
				this.result.completeExceptionally(ex.getCause());
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				this.result.completeExceptionally(ex);
			}
		}

		private void complete(@Nullable Object value, @Nullable Throwable failure) {
			if (failure != null) {
				this.result.completeExceptionally(failure);
				return;
			}
			try {
				this.result
					.complete(TaskRunner.this.payloads.write("The result of task '%s'".formatted(this.name), value));
			}
			catch (RuntimeException ex) {
				this.result.completeExceptionally(ex);
			}
		}

	}

}
