package io.clusterboot;

import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Configuration of the cluster. The primary reads it once when it starts, each worker
 * when it starts. Immutable.
 *
 * @param enabled Whether to run the application as a cluster; otherwise it runs as it
 * would without this starter.
 * @param name Name that this application's clusters share: what they keep in Redis
 * belongs to it; 'spring.application.name' unless set.
 * @param workers Number of workers, a whole number from 1, or 'auto' for one per
 * available processor.
 * @param maxWorkers Largest number of workers that the cluster can be scaled to at run
 * time; four for each available processor, or 'cluster.workers' if that is more, unless
 * set.
 * @param loadBalancing Who decides which worker gets a new connection: 'kernel', where
 * each worker accepts for itself, or one of 'round-robin', 'least-connections',
 * 'least-load', 'ip-hash' and the name of a class that implements WorkerSelector, or of a
 * key in spring.factories for such a name, where the primary accepts and passes
 * connections on.
 * @param portSharing How workers share ports: 'handles', one socket that is passed to
 * each of them, 'reuse-port', a socket in each of them (SO_REUSEPORT), or 'auto' for the
 * first where it is possible and otherwise the second.
 * @param startup how workers are started
 * @param heartbeat how the primary notices that a worker hangs
 * @param restart how workers that exit are replaced
 * @param reload how workers are replaced by new ones
 * @param recycle when a worker that runs is replaced
 * @param drain how a worker leaves without losing requests
 * @param rebalance how kept-alive connections are spread over the workers
 * @param shutdown how the cluster stops
 * @param worker what workers get beyond the application's own command line
 * @param staging the copies that workers run from
 * @param link the connection between primary and workers
 * @param messaging the messages that workers send each other
 * @param tasks the worker pool
 * @param metrics what a scrape of meters returns
 * @param primary the primary's own port
 * @param advice what is said about the application at start
 * @param redis where Redis comes from
 * @param state what is shared by means of Redis
 * @param cache caches in Redis
 * @param nodes the clusters of the same application on other machines
 */
@ConfigurationProperties("cluster")
public record ClusterProperties(@DefaultValue("true") boolean enabled, @Nullable String name,
		@DefaultValue("auto") WorkerCount workers, @Nullable Integer maxWorkers,
		@DefaultValue("kernel") String loadBalancing, @DefaultValue("auto") PortSharing portSharing,
		@DefaultValue Startup startup, @DefaultValue Heartbeat heartbeat, @DefaultValue Restart restart,
		@DefaultValue Reload reload, @DefaultValue Recycle recycle, @DefaultValue Drain drain,
		@DefaultValue Rebalance rebalance, @DefaultValue Shutdown shutdown, @DefaultValue Worker worker,
		@DefaultValue Staging staging, @DefaultValue Link link, @DefaultValue Messaging messaging,
		@DefaultValue Tasks tasks, @DefaultValue Metrics metrics, @DefaultValue Primary primary,
		@DefaultValue Advice advice, @DefaultValue Redis redis, @DefaultValue State state, @DefaultValue Cache cache,
		@DefaultValue Nodes nodes) {

	/** Workers per processor beyond which a machine is hardly ever better used. */
	private static final int MOST_PER_PROCESSOR = 4;

	public ClusterProperties {
		if (maxWorkers != null) {
			Check.atLeast("cluster.max-workers", maxWorkers, workers.resolve());
		}
	}

	/**
	 * The name that this application's clusters share.
	 * @param application name of the application, if it has one
	 * @return the name that is set, or else that
	 */
	public String nameOr(@Nullable String application) {
		return (this.name != null) ? this.name : (application != null) ? application : "application";
	}

	/**
	 * The largest number of workers that the cluster can be scaled to.
	 * @return the number that is set, or the default for this machine
	 */
	public int mostWorkers() {
		return (this.maxWorkers != null) ? this.maxWorkers
				: Math.max(this.workers.resolve(), MOST_PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
	}

	/**
	 * These properties with one more JVM option for workers, before those of the user.
	 * @param option the option
	 * @return the properties
	 */
	public ClusterProperties withWorkerJvmArg(String option) {
		List<String> options = new ArrayList<>(this.worker.jvmArgs());
		options.add(0, option);
		return new ClusterProperties(this.enabled, this.name, this.workers, this.maxWorkers, this.loadBalancing,
				this.portSharing, this.startup, this.heartbeat, this.restart, this.reload, this.recycle, this.drain,
				this.rebalance, this.shutdown,
				new Worker(options, this.worker.environment(), this.worker.environmentFile(),
						this.worker.requestTimeout()),
				this.staging, this.link, this.messaging, this.tasks, this.metrics, this.primary, this.advice,
				this.redis, this.state, this.cache, this.nodes);
	}

	/**
	 * How workers are started.
	 *
	 * @param timeout Time within which a worker has to become ready; one that does not is
	 * killed and replaced.
	 * @param parallelism Number of workers that start at the same time once the first is
	 * ready.
	 */
	public record Startup(@DefaultValue("2m") Duration timeout, @DefaultValue("2") int parallelism) {

		public Startup {
			Check.positive("cluster.startup.timeout", timeout);
			Check.atLeast("cluster.startup.parallelism", parallelism, 1);
		}

	}

	/**
	 * How the primary notices that a worker hangs.
	 *
	 * @param interval Time between two heartbeats of a worker.
	 * @param timeout Silence after which a worker is killed and replaced; at least three
	 * intervals.
	 */
	public record Heartbeat(@DefaultValue("1s") Duration interval, @DefaultValue("30s") Duration timeout) {

		public Heartbeat {
			Check.positive("cluster.heartbeat.interval", interval);
			Check.that(timeout.compareTo(interval.multipliedBy(3)) >= 0, "cluster.heartbeat.timeout", timeout,
					"must be at least three times cluster.heartbeat.interval (" + interval + ")");
		}

	}

	/**
	 * How workers that exit are replaced.
	 *
	 * @param initialDelay Delay before the second replacement in a row; the first comes
	 * at once.
	 * @param multiplier Factor by which the delay grows with each further failure, 1 or
	 * more.
	 * @param maxDelay Upper bound of the delay.
	 * @param jitter Share of the delay by which it varies at random, a fraction from 0 to
	 * 1.
	 * @param stableAfter Time that a worker has to be ready for the failures of its index
	 * to be forgotten.
	 */
	public record Restart(@DefaultValue("1s") Duration initialDelay, @DefaultValue("2.0") double multiplier,
			@DefaultValue("30s") Duration maxDelay, @DefaultValue("0.2") double jitter,
			@DefaultValue("30s") Duration stableAfter) {

		public Restart {
			Check.positive("cluster.restart.initial-delay", initialDelay);
			Check.that(multiplier >= 1, "cluster.restart.multiplier", multiplier, "must be 1 or more");
			Check.that(maxDelay.compareTo(initialDelay) >= 0, "cluster.restart.max-delay", maxDelay,
					"must not be less than cluster.restart.initial-delay (" + initialDelay + ")");
			Check.that(jitter >= 0 && jitter <= 1, "cluster.restart.jitter", jitter, "must be between 0 and 1");
			Check.notNegative("cluster.restart.stable-after", stableAfter);
		}

	}

	/**
	 * How workers are replaced by new ones.
	 *
	 * @param surge Number of workers that are replaced at the same time, each by a
	 * replacement that runs beside it.
	 * @param probation Time for which a replacement has to stay ready before the worker
	 * that it replaces is told to leave.
	 */
	public record Reload(@DefaultValue("1") int surge, @DefaultValue("5s") Duration probation) {

		public Reload {
			Check.atLeast("cluster.reload.surge", surge, 1);
			Check.notNegative("cluster.reload.probation", probation);
		}

	}

	/**
	 * When a worker that runs is replaced, as by a restart. One at a time; what is not
	 * set is no limit.
	 *
	 * @param maxRequests Number of requests after which a worker is replaced.
	 * @param maxAge Age at which a worker is replaced.
	 * @param maxHeap Size of what a garbage collection leaves of a worker's heap at which
	 * it is replaced.
	 * @param maxRss Size of a worker's memory as the operating system sees it at which it
	 * is replaced. Linux only.
	 * @param jitter Share by which the number of requests and the age are lowered at
	 * random for each worker, a fraction from 0 to 1, so that workers do not reach them
	 * together.
	 */
	public record Recycle(@Nullable Long maxRequests, @Nullable Duration maxAge, @Nullable DataSize maxHeap,
			@Nullable DataSize maxRss, @DefaultValue("0.1") double jitter) {

		public Recycle {
			Check.that(maxRequests == null || maxRequests >= 1, "cluster.recycle.max-requests", maxRequests,
					"must be 1 or more");
			if (maxAge != null) {
				Check.positive("cluster.recycle.max-age", maxAge);
			}
			Check.positive("cluster.recycle.max-heap", maxHeap);
			Check.positive("cluster.recycle.max-rss", maxRss);
			Check.that(jitter >= 0 && jitter <= 1, "cluster.recycle.jitter", jitter, "must be between 0 and 1");
		}

	}

	/**
	 * How a worker leaves without losing requests.
	 *
	 * @param timeout Longest time that a leaving worker waits for its requests in flight,
	 * WebSocket sessions and event streams; what is left then is ended or cut off.
	 * @param idleGrace Time that idle kept-alive connections get to send another request,
	 * which is answered with 'Connection: close', before they are closed.
	 * @param closeWindow Time over which the end of idle connections is spread evenly,
	 * counted from the end of the grace period, for their clients not to reconnect all at
	 * once.
	 * @param handover Whether kept-alive connections move to other workers instead of
	 * being closed, where the server can do that.
	 */
	public record Drain(@DefaultValue("30s") Duration timeout, @DefaultValue("2s") Duration idleGrace,
			@DefaultValue("1s") Duration closeWindow, @DefaultValue("true") boolean handover) {

		public Drain {
			Check.notNegative("cluster.drain.timeout", timeout);
			Check.notNegative("cluster.drain.idle-grace", idleGrace);
			Check.notNegative("cluster.drain.close-window", closeWindow);
		}

	}

	/**
	 * How kept-alive connections are spread over the workers.
	 *
	 * @param enabled Whether kept-alive connections move from the workers that have most
	 * of them to those that have fewest, as after a reload.
	 * @param rate Number of connections that move in one second at the most.
	 */
	public record Rebalance(@DefaultValue("true") boolean enabled, @DefaultValue("50") int rate) {

		public Rebalance {
			Check.atLeast("cluster.rebalance.rate", rate, 1);
		}

	}

	/**
	 * How the cluster stops.
	 *
	 * @param timeout Time after which workers that have not exited are killed, counted
	 * from the end of the pre-stop delay.
	 * @param preStopDelay Time for which a stopping cluster goes on serving while its
	 * readiness already refuses traffic.
	 */
	public record Shutdown(@DefaultValue("45s") Duration timeout, @DefaultValue("0s") Duration preStopDelay) {

		public Shutdown {
			Check.positive("cluster.shutdown.timeout", timeout);
			Check.notNegative("cluster.shutdown.pre-stop-delay", preStopDelay);
		}

	}

	/**
	 * What workers get beyond the application's own command line.
	 *
	 * @param jvmArgs Comma-separated list of JVM options for workers only, added after
	 * the application's own; '{id}', '{index}' and '{seat}' stand for the worker's
	 * numbers.
	 * @param environment Environment variables for workers only.
	 * @param environmentFile File with environment variables for workers only, one
	 * NAME=value in a line, which is read again at each reload.
	 * @param requestTimeout Age at which a request that holds a thread counts as stuck:
	 * its stack is logged and its worker replaced.
	 */
	public record Worker(@DefaultValue List<String> jvmArgs, @DefaultValue Map<String, String> environment,
			@Nullable File environmentFile, @Nullable Duration requestTimeout) {

		public Worker {
			jvmArgs = List.copyOf(jvmArgs);
			environment = Map.copyOf(environment);
			if (requestTimeout != null) {
				Check.positive("cluster.worker.request-timeout", requestTimeout);
			}
		}

		/**
		 * These settings with more environment variables.
		 * @param variables the variables; those that are set already stay as they are
		 * @return the settings
		 */
		public Worker withEnvironmentDefaults(Map<String, String> variables) {
			Map<String, String> all = new HashMap<>(variables);
			all.putAll(this.environment);
			return new Worker(this.jvmArgs, all, this.environmentFile, this.requestTimeout);
		}

	}

	/**
	 * The copies that workers run from, so that what the application was launched from
	 * can be replaced while it runs.
	 *
	 * @param enabled Whether workers run from a private copy of the application's jar or
	 * class path.
	 * @param directory Directory for the copies; one that only this cluster uses is
	 * created in it. Unless set, they are in the primary's directory in java.io.tmpdir.
	 * @param maxSize Size of one copy beyond which workers run from the original files.
	 */
	public record Staging(@DefaultValue("true") boolean enabled, @Nullable File directory,
			@DefaultValue("1GB") DataSize maxSize) {

		public Staging {
			Check.that(!maxSize.isNegative() && maxSize.toBytes() > 0, "cluster.staging.max-size", maxSize,
					"must be more than 0");
		}

	}

	/**
	 * The connection between primary and workers.
	 *
	 * @param replyTimeout Longest time that a worker waits for the primary to answer, as
	 * in the 'cluster' actuator endpoint.
	 */
	public record Link(@DefaultValue("2s") Duration replyTimeout) {

		public Link {
			Check.positive("cluster.link.reply-timeout", replyTimeout);
		}

	}

	/**
	 * The messages that workers send each other.
	 *
	 * @param maxMessageSize Largest payload of a message, a reply or a task, as JSON; up
	 * to 64MB.
	 * @param maxPendingSize Most bytes that this worker has sent to another one and that
	 * have not been taken yet, at least 'cluster.messaging.max-message-size'; whoever
	 * sends more waits.
	 * @param sendTimeout Time within which a message has to be taken by its receiver;
	 * otherwise sending it fails.
	 */
	public record Messaging(@DefaultValue("1MB") DataSize maxMessageSize, @DefaultValue("4MB") DataSize maxPendingSize,
			@DefaultValue("5s") Duration sendTimeout) {

		private static final DataSize LARGEST = DataSize.ofMegabytes(64);

		public Messaging {
			Check.positive("cluster.messaging.max-message-size", maxMessageSize);
			Check.that(maxMessageSize.compareTo(LARGEST) <= 0, "cluster.messaging.max-message-size", maxMessageSize,
					"must not be more than 64MB");
			Check.that(maxPendingSize.compareTo(maxMessageSize) >= 0 && maxPendingSize.toBytes() < Integer.MAX_VALUE,
					"cluster.messaging.max-pending-size", maxPendingSize,
					"must be from cluster.messaging.max-message-size (" + maxMessageSize + ") to less than 2GB");
			Check.positive("cluster.messaging.send-timeout", sendTimeout);
		}

	}

	/**
	 * The worker pool.
	 *
	 * @param threads Number of tasks that each worker runs at the same time; one for each
	 * available processor unless set.
	 * @param timeout Time after which a task fails that is submitted without a time limit
	 * of its own.
	 */
	public record Tasks(@Nullable Integer threads, @DefaultValue("5m") Duration timeout) {

		public Tasks {
			if (threads != null) {
				Check.atLeast("cluster.tasks.threads", threads, 1);
			}
			Check.positive("cluster.tasks.timeout", timeout);
		}

		/**
		 * The number of tasks that each worker runs at the same time.
		 * @return the number that is set, or that of the processors
		 */
		public int parallelism() {
			return (this.threads != null) ? this.threads : Runtime.getRuntime().availableProcessors();
		}

	}

	/**
	 * What a scrape of meters returns.
	 *
	 * @param aggregate Whether the 'prometheus' actuator endpoint returns the meters of
	 * all workers, whichever of them is asked.
	 * @param timeout Longest time that a scrape waits for other workers; those that have
	 * not answered then are left out.
	 */
	public record Metrics(@DefaultValue("true") boolean aggregate, @DefaultValue("2s") Duration timeout) {

		public Metrics {
			Check.positive("cluster.metrics.timeout", timeout);
		}

	}

	/**
	 * The primary's own port, which shows metrics, health and the cluster even when no
	 * worker lives.
	 *
	 * @param port Port on which the primary itself answers. There is none unless it is
	 * set; 0 takes any that is free.
	 * @param address Address on which the primary itself answers.
	 */
	public record Primary(@Nullable Integer port, @DefaultValue("127.0.0.1") InetAddress address) {

		private static final int LARGEST_PORT = 65535;

		public Primary {
			Check.that(port == null || (port >= 0 && port <= LARGEST_PORT), "cluster.primary.port", port,
					"must be from 0 to " + LARGEST_PORT);
		}

		/**
		 * Where the primary listens.
		 * @return the address and the port
		 */
		public InetSocketAddress socketAddress() {
			return new InetSocketAddress(this.address, (this.port != null) ? this.port : 0);
		}

	}

	/**
	 * What is said about the application at start.
	 *
	 * @param enabled Whether to log what in the application is not safe with several
	 * workers.
	 * @param acknowledged Comma-separated list of what is not to be logged, since it is
	 * meant to be so.
	 */
	public record Advice(@DefaultValue("true") boolean enabled, @DefaultValue Set<Topic> acknowledged) {

		public Advice {
			acknowledged = Set.copyOf(acknowledged);
		}

		/**
		 * What there is advice on.
		 */
		public enum Topic {

			/**
			 * HTTP sessions in memory.
			 */
			HTTP_SESSION,

			/**
			 * Caches in memory.
			 */
			CACHE,

			/**
			 * Spring's own STOMP broker.
			 */
			STOMP_BROKER,

			/**
			 * Methods that run by a schedule.
			 */
			SCHEDULED,

			/**
			 * Quartz schedulers that do not know of each other.
			 */
			QUARTZ,

			/**
			 * Databases within the process.
			 */
			EMBEDDED_DATABASE,

			/**
			 * Connection pools that are too large together.
			 */
			CONNECTION_POOL;

			/**
			 * The name as in properties.
			 */
			@Override
			public String toString() {
				return name().toLowerCase(Locale.ROOT).replace('_', '-');
			}

		}

	}

	/**
	 * Where Redis comes from.
	 *
	 * @param mode Which Redis is used: one that the application configures, or else one
	 * that the cluster runs ('auto'); always the application's ('external') or always the
	 * cluster's ('embedded'); or neither ('off').
	 * @param embedded the Redis that the cluster runs
	 */
	public record Redis(@DefaultValue("auto") Mode mode, @DefaultValue Embedded embedded) {

		/**
		 * Which Redis is used.
		 */
		public enum Mode {

			/**
			 * The one that the application configures, or else one that the cluster runs.
			 */
			AUTO,

			/**
			 * The one that the application configures, or Spring Boot's own default.
			 */
			EXTERNAL,

			/**
			 * One that the cluster runs, whatever the application configures.
			 */
			EMBEDDED,

			/**
			 * The cluster neither runs one nor keeps anything in one.
			 */
			OFF

		}

		/**
		 * The Redis that the cluster runs.
		 *
		 * @param dataDir Directory in which it keeps its data when the cluster has
		 * stopped; it is created if need be. Unless set, the data lives for as long as
		 * the cluster.
		 * @param maxMemory Size that its data may have; what would need more is refused.
		 */
		public record Embedded(@Nullable File dataDir, @DefaultValue("256MB") DataSize maxMemory) {

			private static final DataSize LEAST = DataSize.ofMegabytes(8);

			public Embedded {
				Check.that(maxMemory.compareTo(LEAST) >= 0, "cluster.redis.embedded.max-memory", maxMemory,
						"must be 8MB or more");
			}

		}

	}

	/**
	 * What is shared by means of Redis.
	 *
	 * @param timeout Longest time to wait for Redis; what takes longer fails.
	 * @param lockLease Time after which a lock is free whose owner has died or hangs; it
	 * is renewed for as long as the owner lives.
	 */
	public record State(@DefaultValue("1s") Duration timeout, @DefaultValue("10s") Duration lockLease) {

		public State {
			Check.positive("cluster.state.timeout", timeout);
			Check.that(lockLease.compareTo(timeout.multipliedBy(3)) >= 0, "cluster.state.lock-lease", lockLease,
					"must be at least three times cluster.state.timeout (" + timeout + ")");
		}

	}

	/**
	 * Caches in Redis.
	 *
	 * @param near what each worker keeps of them
	 */
	public record Cache(@DefaultValue Near near) {

		/**
		 * What each worker keeps of a cache in Redis, to ask less often.
		 *
		 * @param enabled Whether each worker keeps what it has read from the caches in
		 * Redis, until a worker changes it; needs Caffeine.
		 * @param maxEntries Number of entries of each cache that a worker keeps.
		 * @param timeToLive Longest time that a worker keeps an entry.
		 */
		public record Near(@DefaultValue("false") boolean enabled, @DefaultValue("10000") int maxEntries,
				@DefaultValue("30s") Duration timeToLive) {

			public Near {
				Check.atLeast("cluster.cache.near.max-entries", maxEntries, 1);
				Check.positive("cluster.cache.near.time-to-live", timeToLive);
			}

		}

	}

	/**
	 * The clusters of the same application on other machines, which share its name and
	 * its Redis.
	 *
	 * @param enabled Whether clusters that share a Redis and a name know of each other.
	 * @param heartbeat Time between two signs of life of a node; one that has given none
	 * for five times as long is not listed any more.
	 * @param acceptCommands Whether this node reloads when another one asks all nodes to;
	 * unless set, only if management.endpoint.cluster.access is 'unrestricted'.
	 */
	public record Nodes(@DefaultValue("true") boolean enabled, @DefaultValue("2s") Duration heartbeat,
			@Nullable Boolean acceptCommands) {

		public Nodes {
			Check.positive("cluster.nodes.heartbeat", heartbeat);
		}

	}

	private static final class Check {

		static void positive(String property, Duration value) {
			that(value.toNanos() > 0, property, value, "must be more than 0");
		}

		static void positive(String property, @Nullable DataSize value) {
			that(value == null || value.toBytes() > 0, property, value, "must be more than 0");
		}

		static void notNegative(String property, Duration value) {
			that(!value.isNegative(), property, value, "must not be negative");
		}

		static void atLeast(String property, int value, int least) {
			that(value >= least, property, value, "must be " + least + " or more");
		}

		static void that(boolean valid, String property, @Nullable Object value, String rule) {
			if (!valid) {
				throw new IllegalArgumentException("%s %s, but is %s".formatted(property, rule, value));
			}
		}

	}

}
