package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import io.clusterboot.protocol.RedisEndpoint;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's Redis: runs from when the first worker asks for it until all workers have
 * gone, and is started again when it ends. It listens where it listened first, since
 * clients come back there.
 * <p>
 * Thread-safe. A thread of its own starts the server and waits for its end.
 */
public final class RedisServer implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(RedisServer.class);

	/** Time that it gets to listen, before it is told to whoever asks all the same. */
	private static final Duration START = Duration.ofSeconds(10);

	private static final Duration POLL = Duration.ofMillis(20);

	/** Time that it gets to write what it has not written yet. */
	private static final Duration STOP = Duration.ofSeconds(10);

	/** Time after which earlier failures are forgotten. */
	private static final Duration STABLE = Duration.ofSeconds(30);

	/** Somebody else may bind a port that was free. */
	private static final int ATTEMPTS = 5;

	private static final int PASSWORD_BYTES = 32;

	private final ClusterProperties.Redis.Embedded settings;

	private final IntFunction<Duration> backOff;

	private final Path directory;

	private final CompletableFuture<RedisEndpoint> endpoint = new CompletableFuture<>();

	private final CountDownLatch closed = new CountDownLatch(1);

	private @Nullable Thread thread;

	private volatile @Nullable RedisProcess process;

	/** The server's pid while it is up. */
	private volatile @Nullable Long pid;

	private volatile int restarts;

	/**
	 * Create a server that does not run yet.
	 * @param settings what the user wants
	 * @param backOff how long to wait after a number of failures in a row
	 * @param directory the primary's directory
	 */
	public RedisServer(ClusterProperties.Redis.Embedded settings, IntFunction<Duration> backOff, Path directory) {
		this.settings = settings;
		this.backOff = backOff;
		this.directory = directory;
	}

	/**
	 * Start the server, unless it has been started.
	 * @param executable the program
	 * @return completes when it listens, or has failed to for the first time; fails with
	 * an {@link IOException} if there can be none
	 */
	public synchronized CompletableFuture<RedisEndpoint> provide(Path executable) {
		if (this.thread == null && !isClosed()) {
			Thread starter = new Thread(() -> run(executable), "cluster-redis");
			starter.setDaemon(true);
			this.thread = starter;
			starter.start();
		}
		return this.endpoint.copy();
	}

	/**
	 * The server as it is now.
	 * @return the description, or {@code null} if nobody has asked for it
	 */
	public @Nullable RedisDescription describe() {
		RedisEndpoint known = this.endpoint.isCompletedExceptionally() ? null : this.endpoint.getNow(null);
		Long current = this.pid;
		return (known != null) ? new RedisDescription(current, known.port(), current != null, this.restarts) : null;
	}

	private void run(Path executable) {
		try (Lifeline lifeline = Lifeline.create(this.directory)) {
			Path data = dataDirectory();
			RedisEndpoint first = start(executable, data, lifeline);
			this.endpoint.complete(first);
			supervise(executable, new RedisConfiguration(first, data, this.settings), lifeline);
		}
		catch (IOException | UncheckedIOException ex) {
			logger.error("There is no Redis: " + ex.getMessage(), ex);
			this.endpoint.completeExceptionally(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.endpoint.completeExceptionally(new IOException("The cluster stops"));
			stop();
		}
	}

	private Path dataDirectory() throws IOException {
		Path data = (this.settings.dataDir() != null) ? this.settings.dataDir().toPath() : this.directory;
		if (!Files.isDirectory(data)) {
			Files.createDirectories(data,
					PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
		}
		return data.toRealPath();
	}

	/**
	 * A port is free until it is bound. Once it has been told to clients it stays.
	 */
	private RedisEndpoint start(Path executable, Path data, Lifeline lifeline)
			throws IOException, InterruptedException {
		byte[] secret = new byte[PASSWORD_BYTES];
		new SecureRandom().nextBytes(secret);
		String password = HexFormat.of().formatHex(secret);
		awaitPredecessor(data);
		for (int attempt = 1;; attempt++) {
			RedisEndpoint candidate = new RedisEndpoint(LoopbackPorts.free(), password);
			RedisConfiguration configuration = new RedisConfiguration(candidate, data, this.settings);
			launch(executable, configuration, lifeline);
			if (this.pid != null || attempt == ATTEMPTS || isClosed()) {
				return candidate;
			}
			RedisProcess failed = this.process;
			if (failed != null && failed.isAlive()) {
				return candidate;
			}
		}
	}

	private void launch(Path executable, RedisConfiguration configuration, Lifeline lifeline)
			throws IOException, InterruptedException {
		RedisProcess redis = RedisProcess.start(executable, configuration, lifeline.path());
		this.process = redis;
		long start = System.nanoTime();
		while (redis.isAlive() && !isClosed() && System.nanoTime() - start < START.toNanos()) {
			if (RedisProbe.answers(configuration.endpoint())) {
				this.pid = Objects.requireNonNullElse(redis.pid(), redis.shell());
				logger.info("Redis (pid %d) listens at %s".formatted(this.pid, configuration.endpoint()));
				return;
			}
			this.closed.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private void supervise(Path executable, RedisConfiguration configuration, Lifeline lifeline)
			throws IOException, InterruptedException {
		int failures = 0;
		while (!isClosed()) {
			long start = System.nanoTime();
			int code = awaitExit();
			if (isClosed()) {
				return;
			}
			failures = (System.nanoTime() - start > STABLE.toNanos()) ? 1 : failures + 1;
			Duration delay = this.backOff.apply(failures);
			logger.warn("Redis exited with code %d: started again in %d ms%n%s".formatted(code, delay.toMillis(),
					lastLines()));
			if (!this.closed.await(delay.toMillis(), TimeUnit.MILLISECONDS)) {
				this.restarts++;
				launch(executable, configuration, lifeline);
			}
		}
	}

	private int awaitExit() throws InterruptedException {
		RedisProcess current = this.process;
		try {
			return (current != null) ? current.await() : -1;
		}
		finally {
			this.pid = null;
		}
	}

	private String lastLines() {
		RedisProcess current = this.process;
		return (current != null) ? current.lastLines() : "";
	}

	/**
	 * The workers of a cluster that was killed may still drain, and its Redis writes to
	 * the same file until they have gone.
	 */
	private void awaitPredecessor(Path data) throws InterruptedException {
		boolean told = false;
		while (!isClosed() && isInUse(data.resolve(RedisConfiguration.PID_FILE))) {
			if (!told) {
				logger.warn("Redis is started as soon as another one that uses %s has ended".formatted(data));
				told = true;
			}
			this.closed.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private static boolean isInUse(Path pidFile) {
		try {
			return ProcessHandle.of(Long.parseLong(Files.readString(pidFile).trim()))
				.flatMap((process) -> process.info().command())
				.filter((command) -> command.contains("redis") || command.contains("valkey"))
				.isPresent();
		}
		catch (IOException | NumberFormatException ex) {
			return false;
		}
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

	/**
	 * End the server, for good.
	 */
	@Override
	public void close() {
		this.closed.countDown();
		Thread runner;
		synchronized (this) {
			runner = this.thread;
		}
		if (runner == null) {
			return;
		}
		stop();
		try {
			runner.join(STOP.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void stop() {
		RedisProcess current = this.process;
		if (current != null && current.isAlive()) {
			current.stop(STOP);
		}
	}

}
