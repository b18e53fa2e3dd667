package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.core.ConditionTimeoutException;

import static org.awaitility.Awaitility.await;

/**
 * An application that a test started as a real process, by default as a cluster. Closing
 * it ends it as an operator would (SIGTERM), and fails the test if a process is left or
 * if an error was logged that the test did not announce. The JDK is the one that runs the
 * tests.
 */
public final class ClusterProcess implements AutoCloseable {

	private static final Queue<ClusterProcess> STARTED = new ConcurrentLinkedQueue<>();

	private static final Duration POLL = Duration.ofMillis(100);

	static {
		Runtime.getRuntime()
			.addShutdownHook(new Thread(() -> STARTED.forEach((process) -> process.tree.destroy()), "end-all"));
	}

	private final ClusterProcessBuilder settings;

	private final ProcessTree tree = new ProcessTree();

	private final Process process;

	private final ProcessOutput output;

	private boolean closed;

	ClusterProcess(ClusterProcessBuilder settings) throws IOException {
		this.settings = settings;
		ProcessBuilder builder = settings.process();
		this.tree.mark(builder);
		this.process = builder.start();
		this.tree.root(this.process.toHandle());
		this.process.getOutputStream().close();
		this.output = new ProcessOutput(this.process.getInputStream());
		STARTED.add(this);
	}

	/**
	 * The test application, started by class path, as fast as can be.
	 * @return a builder
	 */
	public static ClusterProcessBuilder ports() {
		return ports(TestServer.selected());
	}

	static ClusterProcessBuilder ports(TestServer server) {
		return FastStart.application(server, server.application());
	}

	/**
	 * An application of the test class path, started as fast as can be.
	 * @param mainClass its main class
	 * @return a builder
	 */
	public static ClusterProcessBuilder application(Class<?> mainClass) {
		return FastStart.application(TestServer.selected(), mainClass);
	}

	/**
	 * An application of the test class path with Spring Security.
	 * @param mainClass its main class
	 * @return a builder
	 */
	public static ClusterProcessBuilder securedApplication(Class<?> mainClass) {
		return FastStart.secured(mainClass);
	}

	/**
	 * Any application.
	 * @param target what follows the JVM's options on the command line
	 * @return a builder
	 */
	public static ClusterProcessBuilder java(String... target) {
		return new ClusterProcessBuilder(List.of(target));
	}

	/**
	 * The packaged demo application, started as fast as can be. Its server is Tomcat. It
	 * is told of a Redis that is not there, since one that the cluster runs is one more
	 * process that most tests have no use for.
	 * @return a builder
	 */
	public static ClusterProcessBuilder demo() {
		return FastStart.demo()
			.property("spring.data.redis.port", 1)
			.property("management.health.redis.enabled", false)
			// Lettuce, if it is stopped while it connects
			.expectError("rejectedExecution +: Failed to submit a listener notification task");
	}

	/**
	 * The packaged demo application with more beans and with Redis, started as fast as
	 * can be.
	 * @param beans their class, whose package has all that it needs
	 * @return a builder
	 */
	public static ClusterProcessBuilder demoWith(Class<?> beans) {
		return FastStart.demoWith(beans).property("spring.main.sources", beans.getName());
	}

	/**
	 * The process that the test started: the primary.
	 * @return its pid
	 */
	public long pid() {
		return this.process.pid();
	}

	public boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * The primary's living children that are JVMs, as the operating system knows them,
	 * whatever their state.
	 * @return their pids
	 */
	public List<Long> workerPids() {
		return this.tree.children()
			.stream()
			.filter((child) -> child.info().command().filter((command) -> command.endsWith("java")).isPresent())
			.map(ProcessHandle::pid)
			.sorted()
			.toList();
	}

	/**
	 * All living processes of this application, orphans included.
	 * @return their pids
	 */
	public List<Long> allPids() {
		return this.tree.alive().stream().map(ProcessHandle::pid).sorted().toList();
	}

	public ProcessOutput output() {
		return this.output;
	}

	/**
	 * Wait for a line.
	 * @param regex what to look for anywhere in a line
	 * @param limit longest time to wait
	 * @return the first match, now or earlier
	 */
	public Matcher awaitLine(String regex, Duration limit) {
		return this.output.await(Pattern.compile(regex), limit);
	}

	/**
	 * Wait for a line.
	 * @param regex what to look for anywhere in a line
	 * @return the first match, now or earlier
	 */
	public Matcher awaitLine(String regex) {
		return awaitLine(regex, Deadlines.EVENT);
	}

	/**
	 * The ports of each server in the order in which they were logged: a worker's main
	 * server comes before its management server.
	 * @param servers number of servers to wait for
	 * @return one list of ports for each server
	 */
	public List<List<Integer>> awaitServers(int servers) {
		return this.settings.servers().await(this.output, servers);
	}

	/**
	 * The application's main port, as soon as a worker has logged it.
	 * @return the port
	 */
	public int port() {
		return awaitServers(1).get(0).get(0);
	}

	/**
	 * The port of the additional connector, as soon as a worker has logged it.
	 * @return the port
	 */
	public int extraPort() {
		return awaitServers(1).get(0).get(1);
	}

	/**
	 * The port that serves the actuator: the main port unless there is another.
	 * @return the port
	 */
	public int managementPort() {
		if (this.settings.asksAtExtraPort()) {
			return extraPort();
		}
		return this.settings.hasManagementPort() ? awaitServers(2).get(1).get(0) : port();
	}

	/**
	 * Wait until all workers are ready.
	 * @return this
	 */
	public ClusterProcess awaitReady() {
		return awaitReady(this.settings.workers());
	}

	/**
	 * Wait until a number of workers is ready.
	 * @param workers the number
	 * @return this
	 */
	public ClusterProcess awaitReady(int workers) {
		int port = managementPort();
		try {
			await().atMost(Deadlines.EVENT).pollInterval(POLL).until(() -> !isAlive() || isReady(port, workers));
		}
		catch (ConditionTimeoutException ex) {
			throw new AssertionError("not ready within " + Deadlines.EVENT, ex);
		}
		if (!isAlive()) {
			throw new AssertionError("exited with code " + this.process.exitValue() + " instead of becoming ready");
		}
		return this;
	}

	/**
	 * Wait until all workers are ready and none of some former ones is among them.
	 * @param former pids of workers that have died or are about to leave
	 * @return the cluster then
	 */
	public ClusterView awaitReplaced(Collection<Long> former) {
		int port = managementPort();
		return await().atMost(Deadlines.EVENT)
			.pollInterval(POLL)
			.ignoreExceptionsMatching((ex) -> ex instanceof UncheckedIOException)
			.until(() -> ClusterView.ask(port),
					(view) -> view.isComplete() && view.pids().stream().noneMatch(former::contains));
	}

	private static boolean isReady(int port, int workers) {
		if (workers > 0) {
			try {
				return ClusterView.ask(port).readyWorkers() == workers;
			}
			catch (UncheckedIOException | AssertionError ex) {
				return false;
			}
		}
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			return connection.get("/actuator/health/readiness").status() == 200;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * What any worker tells about the cluster.
	 * @return the parsed answer of the actuator's endpoint
	 */
	public ClusterView cluster() {
		return ClusterView.ask(managementPort());
	}

	/**
	 * Send a signal to the primary.
	 * @param name the signal's name, as in {@code TERM}
	 */
	public void signal(String name) {
		this.tree.alive();
		Processes.signal(name, List.of(pid()));
	}

	/**
	 * Wait until the primary has exited.
	 * @param limit longest time to wait
	 * @return its exit code; 128 more than a signal's number if that killed it
	 */
	public int awaitExit(Duration limit) {
		try {
			if (!this.process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new AssertionError("has not exited within " + limit);
			}
			return this.process.exitValue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new AssertionError("interrupted while waiting for the exit", ex);
		}
	}

	/**
	 * Wait until no process of this application is left.
	 * @param limit longest time to wait
	 */
	public void awaitNothingLeft(Duration limit) {
		List<ProcessHandle> left = this.tree.awaitEnd(limit);
		if (!left.isEmpty()) {
			throw new AssertionError("still there after %s: %s".formatted(limit, Processes.describe(left)));
		}
	}

	@Override
	public void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		List<String> complaints = new ArrayList<>();
		stop(complaints);
		this.output.unexpectedErrors(this.settings.expectedErrors())
			.forEach((line) -> complaints.add("unexpected error logged: " + line));
		if (this.settings.temporaryDirectory() != null) {
			delete(this.settings.temporaryDirectory());
		}
		if (!complaints.isEmpty()) {
			System.out.println(report());
			throw new AssertionError(String.join("\n", complaints));
		}
	}

	private void stop(List<String> complaints) {
		if (this.process.isAlive()) {
			signal("TERM");
		}
		List<ProcessHandle> left = this.tree.awaitEnd(Deadlines.EVENT);
		if (!left.isEmpty()) {
			complaints.add("still there %s after SIGTERM: %s".formatted(Deadlines.EVENT, Processes.describe(left)));
			this.tree.destroy();
		}
	}

	static void delete(Path directory) {
		try {
			Files.walkFileTree(directory, new SimpleFileVisitor<>() {

				@Override
				public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
					Files.delete(file);
					return FileVisitResult.CONTINUE;
				}

				@Override
				public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
					Files.delete(visited);
					return FileVisitResult.CONTINUE;
				}

			});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private String report() {
		return "---- output of process %d (%s) ----%n%s%n---- end of output ----".formatted(pid(),
				isAlive() ? "alive" : "exit code " + this.process.exitValue(), this.output.tail(200));
	}

	/**
	 * Forget the processes of earlier tests.
	 */
	static void forgetClosed() {
		STARTED.removeIf((process) -> process.closed);
	}

	/**
	 * What the processes that the current test used have written.
	 */
	static List<String> reports() {
		return STARTED.stream().map(ClusterProcess::report).toList();
	}

}
