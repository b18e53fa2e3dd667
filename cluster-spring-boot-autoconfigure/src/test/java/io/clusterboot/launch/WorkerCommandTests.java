package io.clusterboot.launch;

import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link WorkerCommand}.
 */
class WorkerCommandTests {

	private static final WorkerIdentity WORKER = new WorkerIdentity(7, 1, 2, 3, Path.of("/run/c.sock"),
			PortSharing.HANDLES);

	@Test
	void commandIsTheOwnOneWithTheWorkersOptions() {
		assertThat(command(List.of("-Xmx1g", "-Xlog:gc:gc.log"), Map.of(), List.of("-Dlast=1"), Map.of())
			.commandLine(WORKER, 2)
			.words()).containsExactly("/jdk/bin/java", "-Dio.clusterboot.worker.id=7",
					"-Dio.clusterboot.worker.index=1", "-Dio.clusterboot.worker.seat=2",
					"-Dio.clusterboot.worker.generation=3", "-Dio.clusterboot.worker.socket=/run/c.sock",
					"-Dio.clusterboot.worker.port-sharing=HANDLES", "-Xmx1g", "-Xlog:gc:gc.worker-2.log",
					"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
					"-Dspring.devtools.restart.enabled=false", "-XX:+ExitOnOutOfMemoryError", "-Dlast=1", "-jar",
					"app.jar", "--a=b c", "@x");
	}

	@Test
	void placeholdersAreReplacedAndTheirOptionsOtherwiseKept() {
		List<String> options = options(
				command(List.of(), Map.of(), List.of("-Dx={id}/{index}/{seat}", "-Xlog:gc:gc-{index}.log",
						"-Xlog:gc:gc.log", "-agentlib:jdwp=server=y,suspend=n,address=*:5005"), Map.of()));
		assertThat(options).containsSubsequence("-Dx=7/1/2", "-Xlog:gc:gc-1.log", "-Xlog:gc:gc.worker-2.log",
				"-agentlib:jdwp=server=y,suspend=n,address=*:5007");
	}

	@Test
	void optionsInVariablesAreAdapted() {
		WorkerCommand command = command(List.of(),
				Map.of("JAVA_TOOL_OPTIONS", List.of("-Da=x y", "-Xlog:gc:gc.log"), "JDK_JAVA_OPTIONS",
						List.of("-agentlib:jdwp=server=n,address=1")),
				List.of(), Map.of("_JAVA_OPTIONS", "-Xloggc:'a b.log'", "OTHER", "value"));
		assertThat(environment(command)).containsEntry("JAVA_TOOL_OPTIONS", "\"-Da=x y\" -Xlog:gc:gc.worker-2.log")
			.containsEntry("_JAVA_OPTIONS", "\"-Xloggc:a b.worker-2.log\"")
			.containsEntry("OTHER", "value")
			.doesNotContainKey("JDK_JAVA_OPTIONS");
		assertThat(command.notes(WORKER, 2)).hasSize(3)
			.anyMatch((note) -> note.contains("gc.worker-2.log"))
			.anyMatch((note) -> note.contains("a b.worker-2.log"))
			.anyMatch((note) -> note.contains("not debugged"));
	}

	@Test
	void notesAreUsuallyEmpty() {
		assertThat(command(List.of("-Xmx1g"), Map.of(), List.of(), Map.of()).notes(WORKER, 2)).isEmpty();
	}

	@Test
	void userDecidesWhatHappensWhenMemoryRunsOut() {
		String added = "-XX:+ExitOnOutOfMemoryError";
		assertThat(options(command(List.of("-XX:+CrashOnOutOfMemoryError"), Map.of(), List.of(), Map.of())))
			.doesNotContain(added);
		assertThat(options(command(List.of(), Map.of("JAVA_TOOL_OPTIONS", List.of("-XX:-ExitOnOutOfMemoryError")),
				List.of(), Map.of())))
			.doesNotContain(added);
		assertThat(options(command(List.of(), Map.of(), List.of("-XX:OnOutOfMemoryError=kill -9 %p"), Map.of())))
			.doesNotContain(added);
		assertThat(options(command(List.of("-XX:+HeapDumpOnOutOfMemoryError"), Map.of(), List.of(), Map.of())))
			.contains(added);
	}

	@Test
	void heapIsShared() {
		WorkerCommand command = new WorkerCommand(own(List.of(), Map.of()), settings(List.of(), Map.of()),
				new VmFlags(false, 1, 4, false));
		assertThat(command.commandLine(WORKER, 4).words()).contains("-XX:MaxRAMPercentage=15.00",
				"-XX:MinRAMPercentage=15.00");
		assertThat(command.commandLine(WORKER, 2).words()).contains("-XX:MaxRAMPercentage=25.00",
				"-XX:MinRAMPercentage=25.00");
	}

	@Test
	void heapInAWorkersVariableCounts() {
		WorkerCommand command = new WorkerCommand(own(List.of(), Map.of()),
				settings(List.of(), Map.of("JAVA_TOOL_OPTIONS", "-Xmx1g")), new VmFlags(false, 1, 4, false));
		assertThat(options(command)).noneMatch((option) -> option.contains("RAMPercentage"));
	}

	@Test
	void serviceManagerTalksToThePrimaryOnly() {
		WorkerCommand command = command(List.of(), Map.of(), List.of(), Map.of("OTHER", "value"));
		Map<String, String> environment = new HashMap<>(
				Map.of("NOTIFY_SOCKET", "/run/notify", "WATCHDOG_USEC", "1", "WATCHDOG_PID", "2", "TZ", "UTC"));
		command.adaptEnvironment(environment, WORKER, (note) -> {
		});
		assertThat(environment).isEqualTo(Map.of("TZ", "UTC", "OTHER", "value", "_JAVA_SR_SIGNUM", "16"));
	}

	@Test
	void othersSeeWhatTheySeeOfThePrimaryAndWhoTheWorkerIs() {
		JavaCommand own = new JavaCommand("/jdk/bin/java",
				new JavaArguments(List.of("-Xmx1g", "-Dfrom.file=1", "-Xlog:gc:gc.log"), List.of("-jar", "app.jar"),
						List.of("--a=b c")),
				Map.of(),
				new Exposure(Set.of("-Xmx1g", "-Xlog:gc:gc.log", "@file", "-jar", "app.jar", "--a=b c"), true));
		WorkerCommand command = new WorkerCommand(own, settings(List.of(), Map.of()), noFlags());
		assertThat(command.commandLine(WORKER, 2).shown()).startsWith("/jdk/bin/java", "-Dio.clusterboot.worker.id=7")
			.containsSubsequence("-Xmx1g", "@/dev/stdin", "-Xlog:gc:gc.worker-2.log", "-XX:+ExitOnOutOfMemoryError",
					"-jar", "app.jar", "--a=b c");
		WorkerCommand configured = new WorkerCommand(own, settings(List.of("-Dlast=1"), Map.of()), noFlags());
		assertThat(configured.commandLine(WORKER, 2).shown())
			.containsSubsequence("-Dio.clusterboot.worker.id=7", "-Xmx1g", "@/dev/stdin", "-jar", "app.jar", "--a=b c")
			.doesNotContain("-Dlast=1", "-Dfrom.file=1");
	}

	@Test
	void launcherPrintsNothingOfFilesThatItsVariableNames() {
		JavaCommand own = new JavaCommand("/jdk/bin/java",
				new JavaArguments(List.of("-Db=2"), List.of("Main"), List.of()),
				Map.of(OptionVariable.LAUNCHER, List.of("-Da=1", "-cp", "@@x.jar", "-XX:+CrashOnOutOfMemoryError")),
				new Exposure(Set.of("-Db=2", "Main"), false));
		WorkerCommand command = new WorkerCommand(own, settings(List.of(), Map.of()), noFlags());
		assertThat(command.commandLine(WORKER, 2).words()).containsSubsequence("-Da=1", "-cp", "@x.jar", "-Db=2")
			.doesNotContain("-XX:+ExitOnOutOfMemoryError");
		assertThat(environment(command)).doesNotContainKey(OptionVariable.LAUNCHER);
		WorkerCommand other = new WorkerCommand(own, settings(List.of(), Map.of(OptionVariable.LAUNCHER, "-Dc=3")),
				noFlags());
		assertThat(other.commandLine(WORKER, 2).words()).doesNotContain("-Da=1");
		assertThat(environment(other)).containsEntry(OptionVariable.LAUNCHER, "-Dc=3");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void anotherUserSeesNoSecret() throws Exception {
		assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "not root");
		JavaCommand own = new JavaCommand(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				new JavaArguments(List.of("-Done=hush", "-cp", JavaCommandProcessTests.classPath()),
						List.of(PatientMain.class.getName()), List.of("two hush")),
				Map.of());
		Process worker = WorkerCommand
			.of(own, settings(List.of("-Dthree=hush"), Map.of("JAVA_TOOL_OPTIONS", "-Dfour=hush")))
			.start(WORKER, 2);
		try {
			assertThat(worker.inputReader().readLine()).isEqualTo("one=hush two hush three=hush four=hush input=-1");
			String process = "/proc/" + worker.pid() + "/";
			Process attacker = new ProcessBuilder("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat",
					process + "cmdline", process + "environ", process + "fd/0")
				.redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
				.start();
			assertThat(new String(attacker.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\0"))
				.contains("-Dio.clusterboot.worker.id=7", "@/dev/stdin")
				.noneMatch((word) -> word.contains("hush"));
			assertThat(new String(attacker.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
				.contains("environ: Permission denied", "fd/0: Permission denied");
		}
		finally {
			worker.destroyForcibly();
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void jvmTakesTheOptionsInSilence() throws Exception {
		JavaCommand own = new JavaCommand(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				new JavaArguments(List.of("-cp", JavaCommandProcessTests.classPath()),
						List.of(EchoMain.class.getName()), List.of("a")),
				Map.of());
		Process process = WorkerCommand.of(own, settings(List.of(), Map.of(EchoMain.LAST, "true"))).start(WORKER, 2);
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(output.lines()).allMatch((line) -> line.startsWith("ECHO "));
		assertThat(process.getErrorStream().readAllBytes()).isEmpty();
		assertThat(process.waitFor()).isZero();
		assertThat(new EchoMain.Said(output.lines().toList()).words("input"))
			.contains("-XX:+ExitOnOutOfMemoryError", "-Dio.clusterboot.worker.id=7")
			.anyMatch((option) -> option.startsWith("-XX:MaxRAMPercentage="));
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void classPathMayBeLongerThanAnArgumentCanBe() throws Exception {
		String classPath = JavaCommandProcessTests.classPath() + ":/no where".repeat(20_000);
		JavaCommand own = new JavaCommand(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				new JavaArguments(List.of("-cp", classPath), List.of(EchoMain.class.getName()), List.of("a")),
				Map.of());
		Process process = new WorkerCommand(own, settings(List.of(), Map.of(EchoMain.LAST, "true")), noFlags())
			.start(WORKER, 2);
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).isZero();
		assertThat(new EchoMain.Said(output.lines().toList()).words("options")).containsSubsequence("-cp", classPath);
	}

	private static List<String> options(WorkerCommand command) {
		return command.commandLine(WORKER, 2).words();
	}

	private static Map<String, String> environment(WorkerCommand command) {
		Map<String, String> environment = new HashMap<>(System.getenv());
		command.adaptEnvironment(environment, WORKER, (note) -> {
		});
		return environment;
	}

	private static WorkerCommand command(List<String> options, Map<String, List<String>> environmentOptions,
			List<String> jvmArgs, Map<String, String> environment) {
		return new WorkerCommand(own(options, environmentOptions), settings(jvmArgs, environment), noFlags());
	}

	private static @Nullable VmFlags noFlags() {
		return null;
	}

	private static ClusterProperties.Worker settings(List<String> jvmArgs, Map<String, String> environment) {
		return new ClusterProperties.Worker(jvmArgs, environment, null, null);
	}

	private static JavaCommand own(List<String> options, Map<String, List<String>> environmentOptions) {
		return new JavaCommand("/jdk/bin/java",
				new JavaArguments(options, List.of("-jar", "app.jar"), List.of("--a=b c", "@x")), environmentOptions);
	}

}
