package io.clusterboot.task;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Runs {@link ClusterTask} methods in the worker that has the least to do, which may be
 * this one: the fewest requests in flight and tasks together.
 * <p>
 * A task that has not begun when its worker leaves or dies is submitted again. One that
 * may have begun is run again only if it is marked {@linkplain ClusterTask#idempotent()
 * idempotent}; otherwise its future completes with a
 * {@link io.clusterboot.messaging.WorkerGoneException}. A worker that drains finishes its
 * tasks within {@code cluster.drain.timeout}.
 * <p>
 * Every future completes exceptionally with a
 * {@link io.clusterboot.messaging.ClusterMessagingException} that says what has failed
 * and where. When it is cancelled, or the time is over, the thread that runs the task is
 * interrupted. Arguments and results have at most
 * {@code cluster.messaging.max-message-size} as JSON. Nothing is stored: when the worker
 * that has submitted a task dies, the task is interrupted.
 * <p>
 * Thread-safe.
 */
public interface ClusterTaskExecutor {

	/**
	 * Run a task, for {@code cluster.tasks.timeout} at the most.
	 * @param <T> type of the result
	 * @param task name of the task
	 * @param argument the argument
	 * @param resultType type of the result
	 * @return completes with the result
	 */
	<T> CompletableFuture<@Nullable T> submit(String task, @Nullable Object argument, Class<T> resultType);

	/**
	 * Run a task.
	 * @param <T> type of the result
	 * @param task name of the task
	 * @param argument the argument
	 * @param resultType type of the result
	 * @param timeout longest time, from now to the result, however often the task is run
	 * @return completes with the result
	 */
	<T> CompletableFuture<@Nullable T> submit(String task, @Nullable Object argument, Class<T> resultType,
			Duration timeout);

	/**
	 * Run a task once for each argument, spread over all workers. Of a long list only a
	 * part is under way at any time. If one fails the others are cancelled.
	 * @param <T> type of the results
	 * @param task name of the task
	 * @param arguments the arguments
	 * @param resultType type of the results
	 * @param timeout longest time, from now to the last result
	 * @return completes with the results, in the order of the arguments
	 */
	<T> CompletableFuture<List<@Nullable T>> map(String task, Collection<?> arguments, Class<T> resultType,
			Duration timeout);

	/**
	 * Run a task once for each argument, for {@code cluster.tasks.timeout} in all at the
	 * most.
	 * @param <T> type of the results
	 * @param task name of the task
	 * @param arguments the arguments
	 * @param resultType type of the results
	 * @return completes with the results, in the order of the arguments
	 */
	<T> CompletableFuture<List<@Nullable T>> map(String task, Collection<?> arguments, Class<T> resultType);

}
