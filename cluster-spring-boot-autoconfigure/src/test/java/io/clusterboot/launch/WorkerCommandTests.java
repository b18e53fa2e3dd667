package io.clusterboot.launch;

import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WorkerCommand}.
 */
class WorkerCommandTests {

	private static final WorkerIdentity WORKER = new WorkerIdentity(7, 1, 2, 3, Path.of("/run/c.sock"),
			PortSharing.HANDLES);

	@Test
	void commandIsTheOwnOneWithTheWorkersOptions() {
		assertThat(command(List.of("-Xmx1g", "-Xlog:gc:gc.log"), Map.of(), List.of("-Dlast=1"), Map.of())
			.processBuilder(WORKER, 2)
			.command()).containsExactly("/jdk/bin/java", "-Xmx1g", "-Xlog:gc:gc.worker-2.log",
					"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
					"-Dio.clusterboot.worker.id=7", "-Dio.clusterboot.worker.index=1", "-Dio.clusterboot.worker.seat=2",
					"-Dio.clusterboot.worker.generation=3", "-Dio.clusterboot.worker.socket=/run/c.sock",
					"-Dio.clusterboot.worker.port-sharing=HANDLES", "-Dspring.devtools.restart.enabled=false",
					"-XX:+ExitOnOutOfMemoryError", "-Dlast=1", "-jar", "app.jar", "--a=b c", "@x");
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
		Map<String, String> environment = command.processBuilder(WORKER, 2).environment();
		assertThat(environment).containsEntry("JAVA_TOOL_OPTIONS", "\"-Da=x y\" -Xlog:gc:gc.worker-2.log")
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
		assertThat(command.processBuilder(WORKER, 4).command()).contains("-XX:MaxRAMPercentage=15.00",
				"-XX:MinRAMPercentage=15.00");
		assertThat(command.processBuilder(WORKER, 2).command()).contains("-XX:MaxRAMPercentage=25.00",
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
	void inputIsEmptyAndOutputIsForTheCaller() {
		ProcessBuilder builder = command(List.of(), Map.of(), List.of(), Map.of()).processBuilder(WORKER, 2);
		assertThat(builder.redirectInput().file()).hasToString("/dev/null");
		assertThat(builder.redirectOutput()).isEqualTo(Redirect.PIPE);
		assertThat(builder.redirectError()).isEqualTo(Redirect.PIPE);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void jvmTakesTheOptionsInSilence() throws Exception {
		JavaCommand own = new JavaCommand(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				new JavaArguments(List.of("-cp", JavaCommandProcessTests.classPath()),
						List.of(EchoMain.class.getName()), List.of("a")),
				Map.of());
		ProcessBuilder builder = WorkerCommand.of(own, settings(List.of(), Map.of(EchoMain.LAST, "true")))
			.processBuilder(WORKER, 2);
		Process process = builder.redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(output.lines()).allMatch((line) -> line.startsWith("ECHO "));
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
		ProcessBuilder builder = new WorkerCommand(own, settings(List.of(), Map.of(EchoMain.LAST, "true")), noFlags())
			.processBuilder(WORKER, 2);
		Process process = builder.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).isZero();
		assertThat(new EchoMain.Said(output.lines().toList()).words("options")).startsWith("-cp", classPath);
	}

	private static List<String> options(WorkerCommand command) {
		return new ArrayList<>(command.processBuilder(WORKER, 2).command());
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
