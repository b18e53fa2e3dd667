package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's Redis: runs from when the first worker asks for it until all workers have
 * gone, and is started again when it ends. It listens on a UNIX socket in the primary's
 * directory, which nobody but this user can enter: at a port, any user of the machine
 * could listen in its place while it is away.
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

	private static final String SOCKET = "redis.sock";

	private final ClusterProperties.Redis.Embedded settings;

	private final IntFunction<Duration> backOff;

	private final Path directory;

	private final Path socket;

	private final Duration start;

	private final CompletableFuture<Path> provided = new CompletableFuture<>();

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
		this(settings, backOff, directory, START);
	}

	RedisServer(ClusterProperties.Redis.Embedded settings, IntFunction<Duration> backOff, Path directory,
			Duration start) {
		this.settings = settings;
		this.backOff = backOff;
		this.directory = directory;
		this.start = start;
		this.socket = directory.resolve(SOCKET);
	}

	/**
	 * Start the server, unless it has been started.
	 * @param executable the program
	 * @return completes with its UNIX socket when it listens, or has failed to for the
	 * first time; fails with an {@link IOException} if there can be none
	 */
	public synchronized CompletableFuture<Path> provide(Path executable) {
		if (this.thread == null && !isClosed()) {
			Thread starter = new Thread(() -> run(executable), "cluster-redis");
			starter.setDaemon(true);
			this.thread = starter;
			starter.start();
		}
		return this.provided.copy();
	}

	/**
	 * The server as it is now.
	 * @return the description, or {@code null} if nobody has asked for it
	 */
	public @Nullable RedisDescription describe() {
		boolean known = this.provided.isDone() && !this.provided.isCompletedExceptionally();
		Long current = this.pid;
		return known ? new RedisDescription(current, this.socket.toString(), current != null, this.restarts) : null;
	}

	private void run(Path executable) {
		try (Lifeline lifeline = Lifeline.create(this.directory)) {
			Path data = dataDirectory();
			awaitPredecessor(data);
			RedisConfiguration configuration = new RedisConfiguration(this.socket, data, this.settings);
			launch(executable, configuration, lifeline);
			awaitListening(this.start);
			this.provided.complete(this.socket);
			supervise(executable, configuration, lifeline);
		}
		catch (IOException | UncheckedIOException ex) {
			logger.error("There is no Redis: " + ex.getMessage(), ex);
			this.provided.completeExceptionally(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.provided.completeExceptionally(new IOException("The cluster stops"));
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

	private void launch(Path executable, RedisConfiguration configuration, Lifeline lifeline) throws IOException {
		this.process = RedisProcess.start(executable, configuration, lifeline.path());
	}

	/**
	 * Wait until the server listens, or has ended.
	 * @param limit longest time to wait, or {@code null} for as long as that takes
	 */
	private void awaitListening(@Nullable Duration limit) throws InterruptedException {
		RedisProcess redis = Objects.requireNonNull(this.process);
		long start = System.nanoTime();
		while (this.pid == null && redis.isAlive() && !isClosed()
				&& (limit == null || System.nanoTime() - start < limit.toNanos())) {
			if (listens()) {
				this.pid = Objects.requireNonNullElse(redis.pid(), redis.shell());
				logger.info("Redis (pid %d) listens at %s".formatted(this.pid, this.socket));
				return;
			}
			this.closed.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	/**
	 * A server that still loads its data listens as well.
	 */
	private boolean listens() {
		try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(this.socket))) {
			return channel.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private void supervise(Path executable, RedisConfiguration configuration, Lifeline lifeline)
			throws IOException, InterruptedException {
		int failures = 0;
		while (!isClosed()) {
			long start = System.nanoTime();
			awaitListening(null);
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
