package io.clusterboot.primary;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.launch.Build;
import io.clusterboot.launch.JavaCommand;
import io.clusterboot.launch.WorkerCommand;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.redis.RedisServer;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@link Supervisor} whose loop the test drives, whose clock the test moves, and whose
 * workers the test {@linkplain PlayedWorker plays}. No time passes but by {@link #pass}
 * and {@link #stall}, so what is due at a moment is done then and not a nanosecond
 * before.
 */
final class PlayedCluster implements AutoCloseable {

	/** For what comes over a link, or from a thread that waits for an exit. */
	private static final Duration DEADLINE = Duration.ofMinutes(3);

	private static final Duration PATIENCE = Duration.ofMillis(10);

	/** How often the supervisor looks while time passes. */
	private static final Duration LOOK = Duration.ofMillis(100);

	private static final WorkerCommand COMMAND = WorkerCommand.of(JavaCommand.ofThisProcess(),
			new ClusterProperties.Worker(List.of(), Map.of(), null, null));

	/** Rounds of the loop after which nothing is left to do at a moment. */
	private static final int CONSEQUENCES = 3;

	private static final int TERMINATED = 143;

	private final Supervisor supervisor;

	private final Processes processes = new Processes();

	private final Builds builds = new Builds();

	/** Such a clock may overflow at any time. */
	private long nanoTime = Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();

	private boolean there = true;

	/**
	 * Create a cluster, whose first worker is started. Heartbeats are not missed and
	 * starts take as long as they like, unless said otherwise.
	 * @param settings properties without {@code cluster.}, as in {@code workers=2}
	 */
	PlayedCluster(String... settings) {
		this(bind(settings), null);
	}

	private PlayedCluster(ClusterProperties properties, @Nullable String startFailure) {
		startFailure(startFailure);
		this.supervisor = new Supervisor(properties, this.processes, this.builds, this.builds.next(),
				new PrimaryListeners(List.of()),
				new Dispatcher(LoadBalancing.fallback(), new Rebalancer(properties.rebalance())),
				new RedisServer(properties.redis().embedded(), (failures) -> Duration.ZERO, Path.of("unused")),
				() -> this.nanoTime);
		step();
	}

	/**
	 * Create a cluster on a machine that starts no process.
	 * @param failure what the operating system says
	 * @return the cluster
	 */
	static PlayedCluster withoutProcesses(String failure) {
		return new PlayedCluster(bind(), failure);
	}

	private static ClusterProperties bind(String... settings) {
		Map<String, String> properties = new HashMap<>();
		properties.put("cluster.workers", "2");
		properties.put("cluster.max-workers", "8");
		properties.put("cluster.heartbeat.timeout", "100d");
		properties.put("cluster.startup.timeout", "100d");
		for (String setting : settings) {
			String[] parts = setting.split("=", 2);
			properties.put("cluster." + parts[0], parts[1]);
		}
		return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("cluster",
				Bindable.of(ClusterProperties.class));
	}

	/**
	 * What signals, and whoever connects, reach.
	 * @return the supervisor
	 */
	Supervisor supervisor() {
		return this.supervisor;
	}

	/**
	 * Have the supervisor handle what there is and do what is due, and what follows from
	 * that, at the same time.
	 */
	void step() {
		for (int i = 0; i < CONSEQUENCES; i++) {
			this.there = this.supervisor.step(Duration.ZERO);
		}
	}

	/**
	 * Let time pass while the supervisor looks.
	 * @param time how much
	 */
	void pass(Duration time) {
		for (long left = time.toNanos(); left > 0; left -= LOOK.toNanos()) {
			this.nanoTime += Math.min(left, LOOK.toNanos());
			this.there = this.supervisor.step(Duration.ZERO);
		}
		step();
	}

	/**
	 * Let time pass while the primary is suspended.
	 * @param time how much
	 */
	void stall(Duration time) {
		this.nanoTime += time.toNanos();
		step();
	}

	/**
	 * Wait for something that comes from another thread. No time passes for the
	 * supervisor.
	 * @param condition whether it has come
	 */
	void await(BooleanSupplier condition) {
		long start = System.nanoTime();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime() - start).as("time waited").isLessThan(DEADLINE.toNanos());
			this.there = this.supervisor.step(PATIENCE);
		}
		step();
	}

	private <T> T answer(CompletableFuture<T> answer) {
		step();
		try {
			return answer.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new AssertionError("The supervisor does not answer", ex);
		}
	}

	ClusterDescription describe() {
		return answer(this.supervisor.describe());
	}

	ClusterDescription.WorkerDescription describe(PlayedWorker worker) {
		return describe().workers()
			.stream()
			.filter((candidate) -> candidate.id() == worker.id())
			.findFirst()
			.orElseThrow(() -> new AssertionError(worker + " is not known"));
	}

	ReloadDescription reload() {
		return describe().reload();
	}

	ClusterStatistics count() {
		return answer(this.supervisor.count());
	}

	/**
	 * All workers that have been started, living or not.
	 * @return the workers, in the order in which they were started
	 */
	List<PlayedWorker> started() {
		return List.copyOf(this.processes.started);
	}

	int starts() {
		return this.processes.started.size();
	}

	PlayedWorker worker(int id) {
		assertThat(starts()).as("workers started").isGreaterThanOrEqualTo(id);
		return this.processes.started.get(id - 1);
	}

	/**
	 * The worker that was started last.
	 * @return the worker
	 */
	PlayedWorker newest() {
		return worker(starts());
	}

	List<PlayedWorker> living() {
		return this.processes.started.stream().filter(PlayedWorker::isAlive).toList();
	}

	/**
	 * Have all workers become ready that there should be.
	 * @return this
	 */
	PlayedCluster allReady() {
		for (int id = 1; id <= starts(); id++) {
			if (worker(id).isStarting()) {
				worker(id).ready();
			}
		}
		return this;
	}

	/**
	 * Have those workers leave that have been told to, in whatever way.
	 */
	void seeOff() {
		for (PlayedWorker worker : living()) {
			if (worker.isTerminated()) {
				worker.exits(TERMINATED);
			}
			else if (worker.isToldToLeave()) {
				worker.leaves();
			}
		}
	}

	/**
	 * Have whatever replaces workers go on until it is over.
	 * @param probation time for which replacements have to stay ready
	 */
	void roll(Duration probation) {
		int starts;
		do {
			starts = starts();
			allReady().pass(probation);
			seeOff();
		}
		while (starts() > starts);
	}

	/**
	 * Make limits differ, as chance does.
	 * @param luck number from 0 to 1 that the workers get which are started next
	 */
	void luck(double luck) {
		this.processes.luck = luck;
	}

	/**
	 * Have the operating system start no process any more, or do so again.
	 * @param failure what it says, or {@code null}
	 */
	void startFailure(@Nullable String failure) {
		this.processes.failure = failure;
	}

	Builds builds() {
		return this.builds;
	}

	/**
	 * Whether the cluster has stopped.
	 * @return whether the loop is over
	 */
	boolean isOver() {
		return !this.there;
	}

	int exitCode() {
		assertThat(isOver()).as("the cluster has stopped").isTrue();
		return this.supervisor.run();
	}

	@Override
	public void close() {
		living().forEach(PlayedWorker::vanish);
	}

	/**
	 * Processes that are none.
	 */
	private final class Processes implements WorkerProcesses {

		private final List<PlayedWorker> started = new ArrayList<>();

		private double luck;

		private @Nullable String failure;

		@Override
		public WorkerHandle spawn(int index, Generation generation, Collection<Integer> takenSeats, int workers,
				long now) throws IOException {
			if (this.failure != null) {
				throw new IOException(this.failure);
			}
			int id = this.started.size() + 1;
			PlayedWorker worker = new PlayedWorker(PlayedCluster.this, id, index, generation);
			this.started.add(worker);
			WorkerIdentity identity = new WorkerIdentity(id, index, id, generation.number(), Path.of("unused"),
					PortSharing.HANDLES);
			WorkerHandle handle = new WorkerHandle(identity, generation.build(), worker, List.of(), new OutputTail(),
					this.luck, now);
			worker.isReachable(handle::isReachable);
			return handle;
		}

		@Override
		public void requestThreadDump(WorkerHandle worker) {
			worker(worker.id()).threadDumpRequested();
		}

	}

	/**
	 * Builds that there are at once, unless the test holds them back.
	 */
	static final class Builds implements BuildSource {

		private int made;

		private boolean held;

		private @Nullable Consumer<Build> waiting;

		private @Nullable String failure;

		private Collection<Build> retained = List.of();

		private Build next() {
			return new Build("build-" + ++this.made, COMMAND);
		}

		@Override
		public void prepare(Consumer<Build> found, Consumer<String> failed) {
			if (this.failure != null) {
				failed.accept(this.failure);
			}
			else if (this.held) {
				this.waiting = found;
			}
			else {
				found.accept(next());
			}
		}

		@Override
		public void retain(Collection<Build> used) {
			this.retained = List.copyOf(used);
		}

		/**
		 * Let the next build take its time.
		 */
		void hold() {
			this.held = true;
		}

		/**
		 * The build that takes its time is there.
		 */
		void release() {
			Consumer<Build> found = this.waiting;
			assertThat(found).as("who waits for a build").isNotNull();
			this.held = false;
			found.accept(next());
		}

		void fail(String reason) {
			this.failure = reason;
		}

		/**
		 * The builds that have not been given up when some were last.
		 * @return their ids
		 */
		List<@Nullable String> retained() {
			return this.retained.stream().map(Build::id).toList();
		}

	}

}
