package io.clusterboot.task;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.clusterboot.messaging.ClusterMessagingException;
import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.messaging.MessageNotDeliveredException;
import io.clusterboot.messaging.Payloads;
import io.clusterboot.messaging.ReceiverBusyException;
import io.clusterboot.messaging.WorkerGoneException;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Failures;
import org.jspecify.annotations.Nullable;

/**
 * Has the primary pick the worker.
 */
public final class PooledClusterTaskExecutor implements ClusterTaskExecutor {

	/** Workers may leave or die one after the other, as in a reload. */
	private static final int ATTEMPTS = 5;

	private static final Duration LONGEST = Duration.ofDays(1000);

	private final MessageExchange exchange;

	private final Payloads payloads;

	private final Tasks tasks;

	private final Duration defaultTimeout;

	/**
	 * Create an executor.
	 * @param exchange sends tasks
	 * @param payloads writes arguments and reads results
	 * @param tasks knows which tasks may be run again
	 * @param defaultTimeout longest time for tasks that have no limit of their own
	 */
	public PooledClusterTaskExecutor(MessageExchange exchange, Payloads payloads, Tasks tasks,
			Duration defaultTimeout) {
		this.exchange = exchange;
		this.payloads = payloads;
		this.tasks = tasks;
		this.defaultTimeout = defaultTimeout;
	}

	@Override
	public <T> CompletableFuture<@Nullable T> submit(String task, @Nullable Object argument, Class<T> resultType) {
		return submit(task, argument, resultType, this.defaultTimeout);
	}

	@Override
	public <T> CompletableFuture<@Nullable T> submit(String task, @Nullable Object argument, Class<T> resultType,
			Duration timeout) {
		Submission<T> submission;
		try {
			submission = new Submission<>(task, this.payloads.write("Task '%s'".formatted(task), argument), resultType,
					deadline(timeout));
		}
		catch (ClusterMessagingException ex) {
			return CompletableFuture.failedFuture(ex);
		}
		submission.attempt(1, List.of());
		return submission.result;
	}

	@Override
	public <T> CompletableFuture<List<@Nullable T>> map(String task, Collection<?> arguments, Class<T> resultType) {
		return map(task, arguments, resultType, this.defaultTimeout);
	}

	@Override
	public <T> CompletableFuture<List<@Nullable T>> map(String task, Collection<?> arguments, Class<T> resultType,
			Duration timeout) {
		long deadline = deadline(timeout);
		Batch<T> batch = new Batch<>(arguments, (argument) -> submit(task, argument, resultType,
				Duration.ofNanos(Math.max(1, deadline - System.nanoTime()))));
		return batch.run();
	}

	private static long deadline(Duration timeout) {
		return System.nanoTime() + ((timeout.compareTo(LONGEST) < 0) ? timeout : LONGEST).toNanos();
	}

	/**
	 * A task until it has a result, however often it is run.
	 */
	private final class Submission<T> {

		private final String task;

		private final String what;

		private final byte[] argument;

		private final Class<T> resultType;

		private final long deadline;

		private final CompletableFuture<@Nullable T> result = new CompletableFuture<>();

		private Submission(String task, byte[] argument, Class<T> resultType, long deadline) {
			this.task = task;
			this.what = "Task '%s'".formatted(task);
			this.argument = argument;
			this.resultType = resultType;
			this.deadline = deadline;
		}

		/**
		 * Have it run.
		 * @param number how many times this makes
		 * @param except ids of workers that have refused it
		 */
		private void attempt(int number, List<Integer> except) {
			Duration left = Duration.ofNanos(Math.max(1_000_000, this.deadline - System.nanoTime()));
			CompletableFuture<@Nullable T> attempt = PooledClusterTaskExecutor.this.exchange.request(this.what,
					Envelope.LEAST_BUSY, Channel.TASK, this.task, this.argument, except, left, this::read);
			attempt.whenComplete((value, failure) -> {
				if (failure == null) {
					this.result.complete(value);
				}
				else if (number < ATTEMPTS && mayTryAgain(failure) && !this.result.isDone()) {
					attempt(number + 1, refused(except, Failures.causeOf(failure)));
				}
				else {
					this.result.completeExceptionally(describe(failure));
				}
			});
			this.result.whenComplete((value, failure) -> attempt.cancel(false));
		}

		@SuppressWarnings("unchecked")
		private @Nullable T read(byte[] json) {
			return (T) PooledClusterTaskExecutor.this.payloads.read("The result of " + this.what, json,
					this.resultType);
		}

		private static List<Integer> refused(List<Integer> before, Throwable cause) {
			return (cause instanceof MessageNotDeliveredException refusal)
					? Stream.concat(before.stream(), Stream.of(refusal.worker())).toList() : before;
		}

		private boolean mayTryAgain(Throwable failure) {
			Throwable cause = Failures.causeOf(failure);
			return cause instanceof MessageNotDeliveredException && !(cause instanceof ReceiverBusyException)
					|| cause instanceof WorkerGoneException && isIdempotent();
		}

		private boolean isIdempotent() {
			Tasks.Task known = PooledClusterTaskExecutor.this.tasks.find(this.task);
			return known != null && known.idempotent();
		}

		private Throwable describe(Throwable failure) {
			Throwable cause = Failures.causeOf(failure);
			return (cause instanceof WorkerGoneException && !isIdempotent()) ? new WorkerGoneException(
					cause.getMessage() + ". It is not marked idempotent, so it is not run again") : cause;
		}

	}

}
