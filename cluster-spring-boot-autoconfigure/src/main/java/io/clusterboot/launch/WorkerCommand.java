package io.clusterboot.launch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;

/**
 * How workers are started: this process's own command with what makes it a worker, and
 * with whatever two processes cannot share made the worker's own. Immutable.
 */
public final class WorkerCommand {

	private static final Pattern OUT_OF_MEMORY = Pattern
		.compile("-XX:(?:[+-](?:ExitOn|CrashOn)OutOfMemoryError|OnOutOfMemoryError=.*)", Pattern.DOTALL);

	/**
	 * HotSpot suspends threads with SIGUSR2, which also reloads the cluster: sent to a
	 * worker by mistake it would crash its JVM. With another signal for the JVM a worker
	 * can ignore it.
	 */
	private static final String SUSPEND_SIGNAL_VARIABLE = "_JAVA_SR_SIGNUM";

	/** SIGSTKFLT on Linux, which nobody sends; SIGURG on macOS, which is ignored. */
	private static final String SUSPEND_SIGNAL = "16";

	private static final Set<String> SERVICE_MANAGER_VARIABLES = Set.of("NOTIFY_SOCKET", "WATCHDOG_USEC",
			"WATCHDOG_PID");

	private final JavaCommand own;

	private final ClusterProperties.Worker settings;

	private final @Nullable VmFlags flags;

	private final Map<String, List<String>> environmentOptions;

	private final List<String> launcherOptions;

	private final HeapShare heapShare;

	WorkerCommand(JavaCommand own, ClusterProperties.Worker settings, @Nullable VmFlags flags) {
		this.own = own;
		this.settings = settings;
		this.flags = flags;
		this.environmentOptions = new LinkedHashMap<>(own.environmentOptions());
		List<String> workerOptions = new ArrayList<>();
		settings.environment().forEach((name, value) -> {
			if (JavaCommand.OPTION_VARIABLES.contains(name)) {
				List<String> options = OptionString.split(value);
				this.environmentOptions.put(name, options);
				workerOptions.addAll(options);
			}
		});
		workerOptions.addAll(settings.jvmArgs());
		this.launcherOptions = takeLauncherOptions();
		this.heapShare = new HeapShare(flags, workerOptions);
	}

	/**
	 * The launcher prints its variable to the log. If that names argument files, what is
	 * in them goes where other argument files go, and the variable is left out.
	 */
	private List<String> takeLauncherOptions() {
		if (this.own.exposure().launcherVariable()
				|| this.settings.environment().containsKey(OptionVariable.LAUNCHER)) {
			return List.of();
		}
		List<String> options = this.environmentOptions.remove(OptionVariable.LAUNCHER);
		return (options != null) ? JavaArguments.unescape(options) : List.of();
	}

	/**
	 * How this process starts workers.
	 * @param own how this process was started
	 * @param settings what workers get beyond that
	 * @return the command
	 */
	public static WorkerCommand of(JavaCommand own, ClusterProperties.Worker settings) {
		return new WorkerCommand(own, settings, VmFlags.ofThisProcess());
	}

	/**
	 * Start a worker. Its standard input is empty for the application; its output is for
	 * the caller to read. Other users see of its command who it is, and what they see of
	 * this process as well.
	 * @param identity who the worker is
	 * @param workers number of workers, among which memory is shared
	 * @return the process
	 * @throws IOException if it cannot be started
	 */
	public Process start(WorkerIdentity identity, int workers) throws IOException {
		CommandLine line = commandLine(identity, workers, WorkerCommand::ignore);
		ProcessBuilder builder = line.processBuilder();
		adaptEnvironment(builder.environment(), identity, WorkerCommand::ignore);
		Process process = builder.start();
		line.feed(process);
		return process;
	}

	CommandLine commandLine(WorkerIdentity identity, int workers) {
		return commandLine(identity, workers, WorkerCommand::ignore);
	}

	private static void ignore(String note) {
	}

	/**
	 * Where this worker gets something else than its command line may make one expect.
	 * @param identity who the worker is
	 * @param workers number of workers, among which memory is shared
	 * @return sentences for the log, usually none
	 */
	public List<String> notes(WorkerIdentity identity, int workers) {
		List<String> notes = new ArrayList<>();
		adaptEnvironment(new LinkedHashMap<>(), identity, notes::add);
		commandLine(identity, workers, notes::add);
		return notes.stream().distinct().toList();
	}

	/**
	 * What is wrong with running this command several times.
	 * @param workers how many times
	 * @return sentences for the log, usually none
	 */
	public List<String> warnings(int workers) {
		return this.heapShare.warnings(workers);
	}

	/**
	 * What to know when there are more workers than before.
	 * @param before how many there have been
	 * @param workers how many there will be
	 * @return sentences for the log, usually none
	 */
	public List<String> notesOnGrowth(int before, int workers) {
		return this.heapShare.notesOnGrowth(before, workers);
	}

	/**
	 * Whether workers load classes from an archive of the user's.
	 * @return whether they do
	 */
	boolean isArchiveUsed() {
		return allOptions().anyMatch(ArchiveRule::isRead);
	}

	private CommandLine commandLine(WorkerIdentity identity, int workers, Consumer<String> notes) {
		Predicate<String> exposed = this.own.exposure().words()::contains;
		CommandLine line = new CommandLine(this.own.executable());
		// in front, where no word to hide precedes it
		line.addOwn(identity.toJvmOptions());
		line.add(OptionRule.adapt(this.launcherOptions, identity.seat(), notes), false);
		for (String option : this.own.options()) {
			line.add(OptionRule.adapt(List.of(option), identity.seat(), notes), exposed.test(option));
		}
		line.addOwn(List.of("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"));
		// DevTools would restart the application within every worker
		line.addOwn(List.of("-Dspring.devtools.restart.enabled=false"));
		if (!isOutOfMemoryHandled()) {
			// a worker that limps on is worse than one that is replaced
			line.addOwn(List.of("-XX:+ExitOnOutOfMemoryError"));
		}
		line.addOwn(this.heapShare.options(workers));
		for (String option : this.settings.jvmArgs()) {
			// configuration, unlike a command line, may be for nobody else to read
			line.add(workerOption(option, identity, notes), false);
		}
		line.launch(this.own.target(), this.own.arguments(), exposed);
		return line;
	}

	private static List<String> workerOption(String option, WorkerIdentity identity, Consumer<String> notes) {
		String filled = option.replace("{id}", Integer.toString(identity.id()))
			.replace("{index}", Integer.toString(identity.index()))
			.replace("{seat}", Integer.toString(identity.seat()));
		// whoever uses a placeholder has seen to it that workers differ
		return (filled.equals(option)) ? OptionRule.adapt(List.of(option), identity.seat(), notes) : List.of(filled);
	}

	private boolean isOutOfMemoryHandled() {
		if (this.flags != null && this.flags.outOfMemoryHandled()) {
			return true;
		}
		return allOptions().anyMatch((option) -> OUT_OF_MEMORY.matcher(option).matches());
	}

	private Stream<String> allOptions() {
		return Stream
			.of(this.own.options().stream(), this.launcherOptions.stream(),
					this.environmentOptions.values().stream().flatMap(List::stream), this.settings.jvmArgs().stream())
			.flatMap(Function.identity());
	}

	void adaptEnvironment(Map<String, String> environment, WorkerIdentity identity, Consumer<String> notes) {
		// systemd's, to whom only the primary talks
		environment.keySet().removeAll(SERVICE_MANAGER_VARIABLES);
		environment.putIfAbsent(SUSPEND_SIGNAL_VARIABLE, SUSPEND_SIGNAL);
		environment.putAll(this.settings.environment());
		for (String variable : JavaCommand.OPTION_VARIABLES) {
			List<String> options = this.environmentOptions.get(variable);
			if (options == null) {
				environment.remove(variable);
			}
			else {
				OptionVariable.put(environment, variable, OptionRule.adapt(options, identity.seat(), notes));
			}
		}
	}

}
