package io.clusterboot.primary;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.balancing.WorkerSelector;
import io.clusterboot.launch.Build;
import io.clusterboot.launch.JavaCommand;
import io.clusterboot.launch.Staging;
import io.clusterboot.redis.RedisServer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

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

	/**
	 * Whoever asked for it knows most of this, but not whoever comes to look for a cause
	 * later.
	 */
	private static void warnOfReusePort(ClusterProperties properties) {
		String reason = (properties.portSharing() == PortSharing.REUSE_PORT) ? "cluster.port-sharing is 'reuse-port'"
				: "junixsocket has no native library for this platform, or it cannot be loaded (is java.io.tmpdir "
						+ "mounted noexec?)";
		logger.warn("Each worker listens for itself (SO_REUSEPORT), since " + reason
				+ ". Connections that wait for a worker are reset when it is killed, and some may be when it leaves, "
				+ "as in a reload or stop. The kernel spreads them by a hash of the client's address and port, over "
				+ "workers that hang, too. While no worker is ready they are refused");
	}

	/**
	 * Where workers accept for themselves, it passes only what they hand over.
	 */
	private static Dispatcher dispatcher(ClusterProperties properties, PortSharing portSharing) {
		String value = properties.loadBalancing();
		boolean passing = LoadBalancing.isPassing(value);
		if (passing && portSharing == PortSharing.REUSE_PORT) {
			throw new InvalidConfigurationPropertyValueException("cluster.load-balancing", value,
					"connections cannot be passed on to workers where each listens for itself "
							+ "(cluster.port-sharing is 'reuse-port', or junixsocket has no native library for this "
							+ "platform): only 'kernel' is possible.");
		}
		WorkerSelector selector = passing ? LoadBalancing.selector(value) : LoadBalancing.fallback();
		return new Dispatcher(selector, new Rebalancer(properties.rebalance()));
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
	 * @param portSharing how workers share ports, never {@link PortSharing#AUTO}
	 * @return the exit code for this process
	 * @throws InvalidConfigurationPropertyValueException if connections cannot be spread
	 * as they are to be
	 * @throws UncheckedIOException if the cluster's own socket cannot be created, or the
	 * workers' environment not be read
	 */
	public static int run(ClusterProperties properties, PortSharing portSharing) {
		int workers = properties.workers().resolve();
		try (RuntimeDirectory directory = RuntimeDirectory.create(properties.staging().directory());
				Staging staging = Staging.of(JavaCommand.ofThisProcess(), properties, directory::builds);
				LinkServer server = LinkServer.bind(directory.socket(), portSharing);
				// workers need it until they have gone
				RedisServer redis = new RedisServer(properties.redis().embedded(),
						new RestartPolicy(properties.restart(), Math::random)::delayAfter, directory.path());
				PrimaryServer ownPort = (properties.primary().port() != null) ? PrimaryServer.bind(properties.primary())
						: null) {
			Dispatcher dispatcher = dispatcher(properties, portSharing);
			ClusterSignals.awaitCluster();
			Build first = firstBuild(staging);
			Preload preload = Preload.start(ownPort != null);
			Supervisor supervisor = new Supervisor(properties, new WorkerSpawner(server, portSharing),
					new StagedBuilds(staging, preload, properties.startup().timeout()), first, PrimaryListeners.load(),
					dispatcher, redis, System::nanoTime);
			server.start(supervisor);
			ClusterSignals.handle(supervisor);
			if (ownPort != null) {
				ownPort.start(new PrimaryPages(supervisor, properties.link().replyTimeout())
					.all(properties.metrics().timeout()));
			}
			logger.info("Process %d is the primary of %d workers (cluster.workers=%s, %d processors available)"
				.formatted(ProcessHandle.current().pid(), workers, properties.workers(),
						Runtime.getRuntime().availableProcessors()));
			first.command().warnings(workers).forEach(logger::warn);
			warnOfShortShutdown(properties);
			if (portSharing == PortSharing.REUSE_PORT) {
				warnOfReusePort(properties);
			}
			return supervisor.run();
		}
		catch (PrimaryPortException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot open the cluster's socket", ex);
		}
	}

}
