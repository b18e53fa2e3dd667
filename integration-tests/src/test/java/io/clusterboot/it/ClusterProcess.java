package io.clusterboot.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.core.ConditionTimeoutException;
import tools.jackson.databind.json.JsonMapper;

import static org.awaitility.Awaitility.await;

/**
 * An application that a test started as a real process, by default as a cluster. Closing
 * it ends it as an operator would (SIGTERM), and fails the test if a process is left or
 * if an error was logged that the test did not announce. The JDK is the one that runs the
 * tests.
 */
public final class ClusterProcess implements AutoCloseable {

	private static final Queue<ClusterProcess> STARTED = new ConcurrentLinkedQueue<>();

	private static final Duration START_LIMIT = Duration.ofSeconds(90);

	private static final int LEAST_PORT = 20_000;

	private static final int LEAST_EPHEMERAL_PORT = 32_768;

	private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

	private static final TestServer SERVER = TestServer.selected();

	private static final Pattern SERVER_STARTED = Pattern
		.compile("(?:Tomcat|Jetty|Netty) started on ports? (.*?\\))(?: with context path|$)");

	private static final Pattern PORT = Pattern.compile("(\\d+) \\(");

	private static final Pattern ERROR = Pattern.compile("\\sERROR\\s|Exception in thread \"");

	private static final Pattern NOT_FOR_APPLICATIONS = Pattern.compile(
			"surefire|failsafe|junit|opentest4j|apiguardian|mockito|assertj|awaitility|hamcrest|jsonassert|json-path"
					+ "|xmlunit|byte-buddy|objenesis|archunit|spring-test|spring-boot-test|spring-boot-starter-test|embedded-redis"
					+ "|testcontainers|docker-java|duct-tape|[\\\\/]jna|commons-codec" + "|[\\\\/]demo-app");

	private static final Pattern NOT_FOR_OPEN_APPLICATIONS = Pattern
		.compile(NOT_FOR_APPLICATIONS.pattern() + "|spring-(boot-)?(starter-)?security");

	static {
		Runtime.getRuntime()
			.addShutdownHook(new Thread(() -> STARTED.forEach((process) -> process.tree.destroy()), "end-all"));
	}

	private final Builder settings;

	private final ProcessTree tree = new ProcessTree();

	private final Process process;

	private final ProcessOutput output;

	private boolean closed;

	private ClusterProcess(Builder settings) throws IOException {
		this.settings = settings;
		ProcessBuilder builder = new ProcessBuilder(settings.command()).directory(settings.directory.toFile())
			.redirectErrorStream(true);
		builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
		builder.environment().putAll(settings.environment);
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
	public static Builder ports() {
		return application(SERVER.application());
	}

	/**
	 * An application of the test class path, started as fast as can be.
	 * @param mainClass its main class
	 * @return a builder
	 */
	public static Builder application(Class<?> mainClass) {
		return FastStart.application(mainClass);
	}

	/**
	 * An application of the test class path, started as from an IDE.
	 * @param mainClass its main class
	 * @return a builder
	 */
	public static Builder plainApplication(Class<?> mainClass) {
		return java("-cp", classPath(), mainClass.getName());
	}

	/**
	 * An application of the test class path with Spring Security.
	 * @param mainClass its main class
	 * @return a builder
	 */
	public static Builder securedApplication(Class<?> mainClass) {
		return java("-cp", classPath(NOT_FOR_APPLICATIONS), mainClass.getName());
	}

	/**
	 * Any application.
	 * @param target what follows the JVM's options on the command line
	 * @return a builder
	 */
	public static Builder java(String... target) {
		return new Builder(List.of(target));
	}

	/**
	 * The class path of applications that the tests contain.
	 * @return the test class path without what only tests need, without Spring Security,
	 * whose presence closes an application, and without the web servers that are not
	 * tested ({@code test.server})
	 */
	public static String classPath() {
		return classPath(NOT_FOR_OPEN_APPLICATIONS);
	}

	private static String classPath(Pattern excluded) {
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		return Arrays.stream(classPath.split(File.pathSeparator))
			.filter((entry) -> !excluded.matcher(entry).find() && SERVER.needs(entry))
			.collect(Collectors.joining(File.pathSeparator));
	}

	/**
	 * The packaged demo application, started as fast as can be. Its server is Tomcat. It
	 * is told of a Redis that is not there, since one that the cluster runs is one more
	 * process that most tests have no use for.
	 * @return a builder
	 */
	public static Builder demo() {
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
	public static Builder demoWith(Class<?> beans) {
		return FastStart.demoWith(beans).property("spring.main.sources", beans.getName());
	}

	/**
	 * The packaged demo application, started from its one jar.
	 * @return a builder
	 */
	public static Builder packagedDemo() {
		return new Builder(List.of("-jar", demoJar().toString()));
	}

	static Path demoJar() {
		String given = System.getProperty("demo.jar");
		if (given != null) {
			return Path.of(given).toAbsolutePath();
		}
		try (Stream<Path> files = Files.list(Path.of("../demo-app/target"))) {
			return files.filter((file) -> file.getFileName().toString().matches("demo-app-[^-]+(-SNAPSHOT)?\\.jar"))
				.findFirst()
				.orElseThrow(() -> new IllegalStateException("package demo-app first"))
				.toAbsolutePath()
				.normalize();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("package demo-app first", ex);
		}
	}

	/**
	 * A port that nobody listens on at the moment.
	 * @return the port
	 */
	public static int freePort() {
		return freePorts(1);
	}

	/**
	 * The first of a number of neighbouring ports that nobody listens on. The kernel
	 * gives none of them to a connection in the meantime.
	 * @param count the number
	 * @return the first port
	 */
	public static int freePorts(int count) {
		while (true) {
			int first = ThreadLocalRandom.current().nextInt(LEAST_PORT, LEAST_EPHEMERAL_PORT - count);
			if (IntStream.range(first, first + count).allMatch(ClusterProcess::isFree)) {
				return first;
			}
		}
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Whether any process listens on a port. Read from the kernel's table: no connection
	 * is made, so nobody has to accept one.
	 * @param port the port
	 * @return whether there is a listening socket
	 */
	public static boolean isListening(int port) {
		String suffix = ":%04X".formatted(port);
		for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
			try (Stream<String> lines = Files.lines(Path.of(table))) {
				if (lines.map((line) -> line.trim().split("\\s+"))
					.anyMatch((fields) -> fields[1].endsWith(suffix) && "0A".equals(fields[3]))) {
					return true;
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		return false;
	}

	/**
	 * Number of open descriptors of a process.
	 * @param pid the process
	 * @return the number
	 */
	public static int openDescriptors(long pid) {
		String[] descriptors = new File("/proc/" + pid + "/fd").list();
		if (descriptors == null) {
			throw new IllegalStateException("cannot list the descriptors of process " + pid);
		}
		return descriptors.length;
	}

	/**
	 * Send a signal to any process that the test knows.
	 * @param name the signal's name, as in {@code TERM}
	 * @param pids the processes
	 */
	public static void signal(String name, List<Long> pids) {
		ProcessTree.signal(name, pids);
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
		return awaitLine(regex, START_LIMIT);
	}

	/**
	 * The ports of each server in the order in which they were logged: a worker's main
	 * server comes before its management server.
	 * @param servers number of servers to wait for
	 * @return one list of ports for each server
	 */
	public List<List<Integer>> awaitServers(int servers) {
		List<List<Integer>> started = new ArrayList<>();
		int inEachWorker = this.settings.properties.containsKey("management.server.port") ? 2 : 1;
		boolean extraServer = !SERVER.hasConnectors() && (this.settings.properties.containsKey("app.extra-port")
				|| this.settings.properties.containsKey("app.plain-port"));
		int extraServers = extraServer ? (servers + inEachWorker - 1) / inEachWorker : 0;
		for (MatchResult line : this.output.await(SERVER_STARTED, servers + extraServers, START_LIMIT)) {
			List<Integer> ports = PORT.matcher(line.group(1))
				.results()
				.map((port) -> Integer.valueOf(port.group(1)))
				.toList();
			started.add(ports);
		}
		// what is another connector elsewhere is a server that starts behind the main one
		for (int i = 0; i < extraServers; i++) {
			List<Integer> main = new ArrayList<>(started.get(i * inEachWorker));
			main.addAll(started.remove(i * inEachWorker + 1));
			started.set(i * inEachWorker, List.copyOf(main));
		}
		return started;
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
		if (this.settings.askAtExtraPort) {
			return extraPort();
		}
		return this.settings.properties.containsKey("management.server.port") ? awaitServers(2).get(1).get(0) : port();
	}

	/**
	 * Wait until all workers are ready.
	 * @return this
	 */
	public ClusterProcess awaitReady() {
		return awaitReady(this.settings.workers);
	}

	/**
	 * Wait until a number of workers is ready.
	 * @param workers the number
	 * @return this
	 */
	public ClusterProcess awaitReady(int workers) {
		int port = managementPort();
		try {
			await().atMost(START_LIMIT)
				.pollInterval(Duration.ofMillis(50))
				.until(() -> !isAlive() || isReady(port, workers));
		}
		catch (ConditionTimeoutException ex) {
			throw new AssertionError("not ready within " + START_LIMIT, ex);
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
		return await().atMost(START_LIMIT)
			.pollInterval(Duration.ofMillis(50))
			.ignoreExceptionsMatching((ex) -> ex instanceof UncheckedIOException)
			.until(() -> cluster(port),
					(view) -> view.readyWorkers() == view.configuredWorkers()
							&& view.pids().size() == view.configuredWorkers()
							&& view.pids().stream().noneMatch(former::contains));
	}

	private boolean isReady(int port, int workers) {
		try (HttpConnection connection = HttpConnection.open(port, Duration.ofSeconds(5))) {
			if (workers == 0) {
				return connection.get("/actuator/health/readiness").status() == 200;
			}
			HttpConnection.Reply reply = connection.get("/actuator/cluster");
			return reply.status() == 200 && parse(reply).readyWorkers() == workers;
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
		return cluster(managementPort());
	}

	/**
	 * What any worker behind a port tells about the cluster.
	 * @param port the port to ask
	 * @return the parsed answer of the actuator's endpoint
	 */
	public static ClusterView cluster(int port) {
		try (HttpConnection connection = HttpConnection.open(port, Duration.ofSeconds(10))) {
			HttpConnection.Reply reply = connection.get("/actuator/cluster");
			if (reply.status() != 200) {
				throw new AssertionError("/actuator/cluster answered " + reply);
			}
			return parse(reply);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("/actuator/cluster did not answer", ex);
		}
	}

	private static ClusterView parse(HttpConnection.Reply reply) {
		return JsonMapper.shared().readValue(reply.body(), ClusterView.class);
	}

	/**
	 * Send a signal to the primary.
	 * @param name the signal's name, as in {@code TERM}
	 */
	public void signal(String name) {
		this.tree.alive();
		ProcessTree.signal(name, List.of(pid()));
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
			throw new AssertionError("still there after %s: %s".formatted(limit, describe(left)));
		}
	}

	private static String describe(List<ProcessHandle> processes) {
		return processes.stream()
			.map((process) -> process.pid() + " " + process.info().commandLine().orElse("?"))
			.collect(Collectors.joining("; "));
	}

	@Override
	public void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		List<String> complaints = new ArrayList<>();
		stop(complaints);
		complaints.addAll(unexpectedErrors());
		if (this.settings.temporary) {
			delete(this.settings.directory);
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
		List<ProcessHandle> left = this.tree.awaitEnd(this.settings.stopLimit);
		if (!left.isEmpty()) {
			complaints.add("still there %s after SIGTERM: %s".formatted(this.settings.stopLimit, describe(left)));
			this.tree.destroy();
		}
	}

	private List<String> unexpectedErrors() {
		return this.output.lines()
			.stream()
			.filter((line) -> ERROR.matcher(line).find())
			.filter((line) -> this.settings.expectedErrors.stream()
				.noneMatch((expected) -> expected.matcher(line).find()))
			.map((line) -> "unexpected error logged: " + line)
			.toList();
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

	/**
	 * Collects what an application is started with.
	 */
	public static final class Builder {

		private final List<String> target;

		private final List<String> jvmOptions = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));

		private final Map<String, String> properties = new LinkedHashMap<>();

		private final Map<String, String> environment = new LinkedHashMap<>();

		private final List<String> arguments = new ArrayList<>();

		private final List<Pattern> expectedErrors = new ArrayList<>();

		private int workers = 2;

		private boolean argumentFile;

		private Path directory;

		private boolean temporary;

		private boolean askAtExtraPort;

		private Duration stopLimit = STOP_LIMIT;

		private Builder(List<String> target) {
			this.target = target;
			property("server.address", "127.0.0.1");
			property("server.port", 0);
			property("management.endpoints.web.exposure.include", "health,cluster");
			property("management.endpoint.health.probes.enabled", true);
		}

		/**
		 * Number of workers; 0 turns the cluster off.
		 * @param workers the number
		 * @return this
		 */
		public Builder workers(int workers) {
			this.workers = workers;
			return this;
		}

		public Builder property(String name, Object value) {
			this.properties.put(name, value.toString());
			return this;
		}

		/**
		 * Leave a property unset, for instance one that this builder sets.
		 * @param name its name
		 * @return this
		 */
		public Builder without(String name) {
			this.properties.remove(name);
			return this;
		}

		public Builder jvmOptions(String... options) {
			this.jvmOptions.addAll(List.of(options));
			return this;
		}

		public Builder environment(String name, String value) {
			this.environment.put(name, value);
			return this;
		}

		/**
		 * Arguments that are passed as they are, after the properties.
		 * @param arguments the arguments
		 * @return this
		 */
		public Builder arguments(String... arguments) {
			this.arguments.addAll(List.of(arguments));
			return this;
		}

		/**
		 * Start with {@code java @file}.
		 * @return this
		 */
		public Builder argumentFile() {
			this.argumentFile = true;
			return this;
		}

		/**
		 * The working directory; by default a new one, removed at the end.
		 * @param directory the directory
		 * @return this
		 */
		public Builder directory(Path directory) {
			this.directory = directory;
			return this;
		}

		/**
		 * Announce an error in the log.
		 * @param regex what is found in the line
		 * @return this
		 */
		public Builder expectError(String regex) {
			this.expectedErrors.add(Pattern.compile(regex));
			return this;
		}

		/**
		 * Longest time that the end may take when this process is closed.
		 * @param limit the time
		 * @return this
		 */
		public Builder stopWithin(Duration limit) {
			this.stopLimit = limit;
			return this;
		}

		/**
		 * Ask for the state of the cluster at the additional connector, since the main
		 * one does not take plain text.
		 * @return this
		 */
		public Builder askAtExtraPort() {
			this.askAtExtraPort = true;
			return this;
		}

		public ClusterProcess start() {
			try {
				if (this.directory == null) {
					this.directory = Files.createTempDirectory("clusterboot-");
					this.temporary = true;
				}
				return new ClusterProcess(this);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		private List<String> command() throws IOException {
			List<String> options = new ArrayList<>(this.jvmOptions);
			options.addAll(this.target);
			List<String> command = new ArrayList<>();
			command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
			if (this.argumentFile) {
				Path file = this.directory.resolve("options");
				Files.write(file, options.stream().map(Builder::quote).toList(), StandardCharsets.UTF_8);
				command.add("@" + file);
			}
			else {
				command.addAll(options);
			}
			Map<String, String> all = new LinkedHashMap<>(this.properties);
			all.putIfAbsent((this.workers == 0) ? "cluster.enabled" : "cluster.workers",
					(this.workers == 0) ? "false" : Integer.toString(this.workers));
			String loadBalancing = System.getProperty("test.load-balancing");
			if (loadBalancing != null && this.workers > 0) {
				all.putIfAbsent("cluster.load-balancing", loadBalancing);
			}
			if (all.containsKey("management.server.port")) {
				all.putIfAbsent("management.server.address", "127.0.0.1");
			}
			all.forEach((name, value) -> command.add("--" + name + "=" + value));
			command.addAll(this.arguments);
			return command;
		}

		private static String quote(String option) {
			return '"' + option.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
		}

	}

}
