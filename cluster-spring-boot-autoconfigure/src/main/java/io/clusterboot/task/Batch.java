package io.clusterboot.task;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.clusterboot.protocol.Failures;
import org.jspecify.annotations.Nullable;

/**
 * The same task for many arguments, of which a part is under way at any time.
 * Thread-safe.
 */
final class Batch<T> {

	/** More than the threads of all workers, and little to take back. */
	private static final int UNDER_WAY = 128;

	private final List<?> arguments;

	private final Function<@Nullable Object, CompletableFuture<@Nullable T>> submit;

	private final List<@Nullable T> results;

	private final Set<CompletableFuture<?>> underWay = ConcurrentHashMap.newKeySet();

	private final AtomicInteger next = new AtomicInteger();

	private final AtomicInteger left;

	private final CompletableFuture<List<@Nullable T>> result = new CompletableFuture<>();

	Batch(Collection<?> arguments, Function<@Nullable Object, CompletableFuture<@Nullable T>> submit) {
		this.arguments = new ArrayList<>(arguments);
		this.submit = submit;
		this.results = new ArrayList<@Nullable T>(Collections.<@Nullable T>nCopies(this.arguments.size(), null));
		this.left = new AtomicInteger(this.arguments.size());
	}

	CompletableFuture<List<@Nullable T>> run() {
		if (this.arguments.isEmpty()) {
			this.result.complete(List.of());
		}
		for (int i = 0; i < Math.min(UNDER_WAY, this.arguments.size()); i++) {
			submitNext();
		}
		this.result.whenComplete((value, failure) -> this.underWay.forEach((future) -> future.cancel(false)));
		return this.result;
	}

	private void submitNext() {
		int index = this.next.getAndIncrement();
		if (index >= this.arguments.size() || this.result.isDone()) {
			return;
		}
		CompletableFuture<@Nullable T> future = this.submit.apply(this.arguments.get(index));
		this.underWay.add(future);
		future.whenComplete((value, failure) -> {
			this.underWay.remove(future);
			completed(index, value, failure);
		});
		if (this.result.isDone()) {
			future.cancel(false);
		}
	}

	private void completed(int index, @Nullable T value, @Nullable Throwable failure) {
		if (failure != null) {
			this.result.completeExceptionally(Failures.causeOf(failure));
			return;
		}
		synchronized (this.results) {
			this.results.set(index, value);
		}
		if (this.left.decrementAndGet() == 0) {
			this.result.complete(Collections.unmodifiableList(this.results));
		}
		else {
			submitNext();
		}
	}

}
