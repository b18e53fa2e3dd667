package io.clusterboot.primary;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.launch.Build;
import io.clusterboot.launch.JavaCommand;
import io.clusterboot.launch.Staging;
import io.clusterboot.redis.RedisServer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The primary of a cluster: starts the workers with this process's own command line,
 * supervises them and keeps their listening sockets.
 */
public final class Primary {

	private static final Log logger = LogFactory.getLog(Primary.class);

	private Primary() {
	}

	private static void warnOfShortShutdown(ClusterProperties properties) {
		Duration drain = properties.drain().timeout();
		Duration shutdown = properties.shutdown().timeout();
		if (drain.compareTo(shutdown) >= 0) {
			logger
				.warn("Workers are killed after cluster.shutdown.timeout (%d ms), before cluster.drain.timeout (%d ms)"
					.formatted(shutdown.toMillis(), drain.toMillis()) + " is over: make the former longer");
		}
	}

	private static @Nullable Dispatcher dispatcher(ClusterProperties properties) {
		return LoadBalancing.KERNEL.equals(properties.loadBalancing()) ? null
				: new Dispatcher(LoadBalancing.selector(properties.loadBalancing()));
	}

	private static Build firstBuild(Staging staging) {
		try {
			return staging.prepare();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Run a cluster until it has been stopped by a signal, or until its first worker has
	 * failed. Blocks.
	 * @param properties the cluster's configuration
	 * @return the exit code for this process
	 * @throws UncheckedIOException if the cluster's own socket cannot be created, or the
	 * workers' environment not be read
	 */
	public static int run(ClusterProperties properties) {
		int workers = properties.workers().resolve();
		try (RuntimeDirectory directory = RuntimeDirectory.create(properties.staging().directory());
				Staging staging = Staging.of(JavaCommand.ofThisProcess(), properties, directory::builds);
				LinkServer server = LinkServer.bind(directory.socket());
				// the last to close: workers need it until they have gone
				RedisServer redis = new RedisServer(properties.redis().embedded(),
						new RestartPolicy(properties.restart(), Math::random)::delayAfter, directory.path())) {
			Dispatcher dispatcher = dispatcher(properties);
			ClusterSignals.awaitCluster();
			Build first = firstBuild(staging);
			Preload preload = Preload.start();
			Supervisor supervisor = new Supervisor(properties, new WorkerSpawner(directory.socket()),
					new StagedBuilds(staging, preload, properties.startup().timeout()), first, PrimaryListeners.load(),
					dispatcher, redis);
			server.start(supervisor);
			ClusterSignals.handle(supervisor);
			logger.info("Process %d is the primary of %d workers (cluster.workers=%s, %d processors available)"
				.formatted(ProcessHandle.current().pid(), workers, properties.workers(),
						Runtime.getRuntime().availableProcessors()));
			first.command().warnings(workers).forEach(logger::warn);
			warnOfShortShutdown(properties);
			return supervisor.run();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot open the cluster's socket", ex);
		}
	}

}
