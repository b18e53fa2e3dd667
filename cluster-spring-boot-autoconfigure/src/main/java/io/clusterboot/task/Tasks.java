package io.clusterboot.task;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

import io.clusterboot.messaging.BeanMethods;
import io.clusterboot.messaging.MessageMethod;
import org.jspecify.annotations.Nullable;

import org.springframework.util.function.SingletonSupplier;

/**
 * The {@link ClusterTask} methods of all beans, by name. Thread-safe.
 */
public final class Tasks {

	private final Supplier<Map<String, Task>> tasks;

	/**
	 * Create tasks.
	 * @param methods finds the methods, when they are needed
	 */
	public Tasks(BeanMethods<ClusterTask> methods) {
		this.tasks = SingletonSupplier.of(() -> byName(methods));
	}

	private static Map<String, Task> byName(BeanMethods<ClusterTask> methods) {
		Map<String, Task> tasks = new HashMap<>();
		methods.forEach((annotation, method) -> {
			Task other = tasks.putIfAbsent(annotation.value(), new Task(method, annotation.idempotent()));
			if (other != null) {
				throw new IllegalStateException("There are two @ClusterTask methods of the name '%s': %s and %s"
					.formatted(annotation.value(), other, method));
			}
		});
		return tasks;
	}

	/**
	 * Find the tasks now, for mistakes to end the start of the application.
	 * @throws IllegalStateException if two have the same name
	 */
	public void find() {
		this.tasks.get();
	}

	/**
	 * Find a task.
	 * @param name its name
	 * @return the task, or {@code null} if this application has none of that name
	 */
	@Nullable Task find(String name) {
		return this.tasks.get().get(name);
	}

	/**
	 * A task.
	 *
	 * @param method what runs it
	 * @param idempotent whether it may be run again
	 */
	record Task(MessageMethod method, boolean idempotent) {

		@Override
		public String toString() {
			return this.method.toString();
		}

	}

}
