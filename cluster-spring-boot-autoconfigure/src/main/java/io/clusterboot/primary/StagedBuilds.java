package io.clusterboot.primary;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import io.clusterboot.launch.Build;
import io.clusterboot.launch.Staging;

/**
 * Has builds made on threads of their own: copying takes its time, and on a file system
 * that hangs it takes for ever.
 */
final class StagedBuilds implements BuildSource {

	private final Staging staging;

	private final Preload preload;

	private final Duration timeout;

	StagedBuilds(Staging staging, Preload preload, Duration timeout) {
		this.staging = staging;
		this.preload = preload;
		this.timeout = timeout;
	}

	@Override
	public void prepare(Consumer<Build> found, Consumer<String> failed) {
		CompletableFuture<Build> build = new CompletableFuture<>();
		start(() -> {
			try {
				// what is deployed now is where this process loads its classes from
				this.preload.await(this.timeout);
				build.complete(this.staging.prepare());
			}
			catch (IOException | RuntimeException | LinkageError ex) {
				build.completeExceptionally(ex);
			}
		});
		build.orTimeout(this.timeout.toMillis(), TimeUnit.MILLISECONDS).whenComplete((made, failure) -> {
			if (made != null) {
				found.accept(made);
			}
			else {
				failed.accept((failure instanceof TimeoutException)
						? "Copying the application has taken longer than cluster.startup.timeout (%d ms)"
							.formatted(this.timeout.toMillis())
						: String.valueOf(failure.getMessage()));
			}
		});
	}

	@Override
	public void retain(Collection<Build> used) {
		start(() -> this.staging.retain(used));
	}

	private static void start(Runnable task) {
		Thread thread = new Thread(task, "cluster-staging");
		thread.setDaemon(true);
		thread.start();
	}

}
