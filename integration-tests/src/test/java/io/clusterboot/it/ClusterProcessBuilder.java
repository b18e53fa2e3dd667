package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Collects what an application is started with. Unless a test says otherwise, the limits
 * of the cluster are so far away that no slow machine reaches them, and replacements are
 * soon believed: a test that is about one of these times sets it.
 */
public final class ClusterProcessBuilder {

	/** Variables with which the tests' own JVM may have been given options. */
	static final List<String> JVM_OPTION_VARIABLES = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS");

	/** Limits that no machine is so slow as to reach. A test that means one sets it. */
	private static final Map<String, String> TIMES = Map.of("cluster.reload.probation", "200ms",
			"cluster.startup.timeout", "10m", "cluster.heartbeat.timeout", "3m", "cluster.drain.timeout", "3m",
			"cluster.shutdown.timeout", "4m", "cluster.link.reply-timeout", "1m", "cluster.messaging.send-timeout",
			"1m", "spring.lifecycle.timeout-per-shutdown-phase", "3m", "server.tomcat.connection-timeout", "15m",
			"server.jetty.connection-idle-timeout", "15m");

	/**
	 * A JVM that was started with these ignored, as by {@code nohup} or {@code &} in a
	 * script, ignores them for good, and so do its children.
	 */
	private static final List<String> DEFAULT_SIGNALS = List.of("env", "--default-signal=HUP,INT,QUIT");

	private static final boolean LINUX = System.getProperty("os.name").equals("Linux");

	private final List<String> target;

	private final List<String> jvmOptions = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));

	private final Map<String, String> properties = new LinkedHashMap<>();

	private final Map<String, String> environment = new LinkedHashMap<>();

	private final List<Pattern> expectedErrors = new ArrayList<>();

	private int workers = 2;

	private Path directory;

	private boolean temporary;

	private boolean askAtExtraPort;

	ClusterProcessBuilder(List<String> target) {
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
	public ClusterProcessBuilder workers(int workers) {
		this.workers = workers;
		return this;
	}

	public ClusterProcessBuilder property(String name, Object value) {
		this.properties.put(name, value.toString());
		return this;
	}

	/**
	 * Leave a property unset, for instance one that this builder sets.
	 * @param name its name
	 * @return this
	 */
	public ClusterProcessBuilder without(String name) {
		this.properties.remove(name);
		return this;
	}

	public ClusterProcessBuilder jvmOptions(String... options) {
		this.jvmOptions.addAll(List.of(options));
		return this;
	}

	public ClusterProcessBuilder environment(String name, String value) {
		this.environment.put(name, value);
		return this;
	}

	/**
	 * The working directory; by default a new one, removed at the end.
	 * @param directory the directory
	 * @return this
	 */
	public ClusterProcessBuilder directory(Path directory) {
		this.directory = directory;
		return this;
	}

	/**
	 * Announce an error in the log.
	 * @param regex what is found in the line
	 * @return this
	 */
	public ClusterProcessBuilder expectError(String regex) {
		this.expectedErrors.add(Pattern.compile(regex));
		return this;
	}

	/**
	 * Ask for the state of the cluster at the additional connector, since the main one
	 * does not take plain text.
	 * @return this
	 */
	public ClusterProcessBuilder askAtExtraPort() {
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

	int workers() {
		return this.workers;
	}

	boolean asksAtExtraPort() {
		return this.askAtExtraPort;
	}

	boolean hasManagementPort() {
		return this.properties.containsKey("management.server.port");
	}

	List<Pattern> expectedErrors() {
		return this.expectedErrors;
	}

	/**
	 * The directory to remove at the end, if any.
	 */
	Path temporaryDirectory() {
		return this.temporary ? this.directory : null;
	}

	LoggedServers servers() {
		boolean extraServer = !TestServer.selected().hasConnectors()
				&& (this.properties.containsKey("app.extra-port") || this.properties.containsKey("app.plain-port"));
		return new LoggedServers(hasManagementPort() ? 2 : 1, extraServer);
	}

	ProcessBuilder process() {
		List<String> command = new ArrayList<>();
		if (LINUX) {
			command.addAll(DEFAULT_SIGNALS);
		}
		command.addAll(javaCommand());
		ProcessBuilder process = new ProcessBuilder(command).directory(this.directory.toFile())
			.redirectErrorStream(true);
		process.environment().keySet().removeAll(JVM_OPTION_VARIABLES);
		process.environment().putAll(this.environment);
		return process;
	}

	private List<String> javaCommand() {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(this.jvmOptions);
		command.addAll(this.target);
		allProperties().forEach((name, value) -> command.add("--" + name + "=" + value));
		return command;
	}

	private Map<String, String> allProperties() {
		Map<String, String> all = new LinkedHashMap<>(this.properties);
		if (this.workers == 0) {
			all.putIfAbsent("cluster.enabled", "false");
		}
		else {
			all.putIfAbsent("cluster.workers", Integer.toString(this.workers));
			TIMES.forEach(all::putIfAbsent);
			String loadBalancing = System.getProperty("test.load-balancing");
			if (loadBalancing != null) {
				all.putIfAbsent("cluster.load-balancing", loadBalancing);
			}
		}
		if (hasManagementPort()) {
			all.putIfAbsent("management.server.address", "127.0.0.1");
		}
		return all;
	}

}
