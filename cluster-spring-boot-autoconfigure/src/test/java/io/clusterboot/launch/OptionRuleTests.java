package io.clusterboot.launch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the {@link OptionRule}s, for a worker on seat 2.
 */
class OptionRuleTests {

	private final List<String> notes = new ArrayList<>();

	@ParameterizedTest
	@CsvSource({ "5005, 5007", "*:5005, *:5007", "localhost:5005, localhost:5007", "[::1]:5005, [::1]:5007", "0, 0",
			"*:0, *:0" })
	void debugPortMoves(String address, String expected) {
		String agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=";
		assertThat(adapt(agent + address)).containsExactly(agent + expected);
		assertNoted(agent + address, agent + expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "-agentlib:jdwp=", "-Xrunjdwp:", "-agentpath:/usr/lib/libjdwp.so=" })
	void debugAgentHasThreeNames(String agent) {
		assertThat(adapt(agent + "address=1,server=y,suspend=n"))
			.containsExactly(agent + "address=3,server=y,suspend=n");
	}

	@Test
	void debugAgentWithoutAddressStays() {
		String agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n";
		assertThat(adapt(agent)).containsExactly(agent);
	}

	@Test
	void waitingDebugAgentDoesNotWait() {
		assertThat(adapt("-agentlib:jdwp=transport=dt_socket,suspend=y,server=y,address=1"))
			.containsExactly("-agentlib:jdwp=transport=dt_socket,suspend=n,server=y,address=3");
		assertThat(this.notes).first().asString().contains("suspend=n", "cluster.startup.timeout");
	}

	@Test
	void debugAgentThatWaitsByDefaultDoesNotWait() {
		assertThat(adapt("-agentlib:jdwp=transport=dt_socket,server=y,address=1"))
			.containsExactly("-agentlib:jdwp=transport=dt_socket,server=y,address=3,suspend=n");
	}

	@Test
	void debugAgentThatConnectsIsDropped() {
		assertThat(adapt("-agentlib:jdwp=transport=dt_socket,address=127.0.0.1:39999,suspend=y,server=n")).isEmpty();
		assertThat(this.notes).singleElement().asString().contains("cluster.enabled=false", "cluster.worker.jvm-args");
	}

	@Test
	void portBeyondTheLastIsDropped() {
		assertThat(adapt("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:65534",
				"-Dcom.sun.management.jmxremote.port=65535"))
			.isEmpty();
		assertThat(this.notes).hasSize(2);
	}

	@Test
	void managementPortsMove() {
		assertThat(adapt("-Dcom.sun.management.jmxremote.port=9010", "-Dcom.sun.management.jmxremote.rmi.port=9010",
				"-Dcom.sun.management.jmxremote.port=0", "-Dcom.sun.management.jmxremote.ssl=false"))
			.containsExactly("-Dcom.sun.management.jmxremote.port=9012", "-Dcom.sun.management.jmxremote.rmi.port=9012",
					"-Dcom.sun.management.jmxremote.port=0", "-Dcom.sun.management.jmxremote.ssl=false");
	}

	@ParameterizedTest
	@CsvSource({ "9404:/etc/c.yaml, 9406:/etc/c.yaml", "0.0.0.0:9404:c.yaml, 0.0.0.0:9406:c.yaml" })
	void prometheusAgentPortMoves(String arguments, String expected) {
		assertThat(adapt("-javaagent:/opt/jmx_prometheus_javaagent-1.0.jar=" + arguments))
			.containsExactly("-javaagent:/opt/jmx_prometheus_javaagent-1.0.jar=" + expected);
	}

	@ParameterizedTest
	@CsvSource(delimiter = ' ', quoteCharacter = '`', value = { "-Xlog:gc:gc.log -Xlog:gc:gc.worker-2.log",
			"-Xlog:gc:file=gc.log -Xlog:gc:file=gc.worker-2.log",
			"-Xlog:gc*,safepoint=debug:file=/v/gc.log:time,uptime:filecount=5 "
					+ "-Xlog:gc*,safepoint=debug:file=/v/gc.worker-2.log:time,uptime:filecount=5",
			"-Xlog:gc:file=\"a:b.log\":time -Xlog:gc:file=\"a:b.worker-2.log\":time",
			"-Xlog:gc:\"a:b\" -Xlog:gc:\"a:b.worker-2\"", "-Xlog:gc:\"file=a:b\" -Xlog:gc:\"file=a:b.worker-2\"",
			"-Xlog::a.log -Xlog::a.worker-2.log", "-Xloggc:gc.log -Xloggc:gc.worker-2.log",
			"-Xloggc:/a.b/gc -Xloggc:/a.b/gc.worker-2", "-Xloggc:/a/.gc -Xloggc:/a/.gc.worker-2",
			"-XX:HeapDumpPath=a.hprof -XX:HeapDumpPath=a.worker-2.hprof",
			"-XX:HeapDumpPath=a%p.hprof -XX:HeapDumpPath=a%p.worker-2.hprof",
			"-XX:ErrorFile=hs.log -XX:ErrorFile=hs.worker-2.log", "-XX:LogFile=vm.log -XX:LogFile=vm.worker-2.log",
			"-XX:StartFlightRecording=filename=a.jfr -XX:StartFlightRecording=filename=a.worker-2.jfr",
			"-XX:StartFlightRecording:delay=5s,filename=a.jfr,dumponexit=true "
					+ "-XX:StartFlightRecording:delay=5s,filename=a.worker-2.jfr,dumponexit=true",
			"-XX:StartFlightRecording=filename=\"a,b.jfr\",x=y "
					+ "-XX:StartFlightRecording=filename=\"a,b.worker-2.jfr\",x=y" })
	void writtenFileIsTheWorkersOwn(String option, String expected) {
		assertThat(adapt(option)).containsExactly(expected);
		assertNoted(option, expected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "-Xlog", "-Xlog:gc", "-Xlog:gc:stdout:time", "-Xlog:gc::time", "-Xlog:gc:stderr",
			"-Xlog:gc:gc-%p.log", "-Xlog:gc:file=gc-%p.log:time", "-Xlog:async:drop", "-Xlog:gc:/dev/stderr",
			"-Xloggc:gc%p.log", "-XX:ErrorFile=hs%p.log", "-XX:StartFlightRecording=delay=5s", "-XX:Flags=a.txt",
			"-XX:VMOptionsFile=a.txt", "-XX:AOTCache=app.aot", "-XX:AOTMode=on", "-Dlogging.file.name=a.log",
			"-javaagent:agent.jar=port:8080", "-Xmx1g" })
	void otherOptionsStay(String option) {
		assertThat(adapt(option)).containsExactly(option);
		assertThat(this.notes).isEmpty();
	}

	@Test
	void directoryStays(@TempDir Path directory) {
		String dump = "-XX:HeapDumpPath=" + directory;
		String recording = "-XX:StartFlightRecording=filename=" + directory;
		assertThat(adapt(dump, recording)).containsExactly(dump, recording);
	}

	@ParameterizedTest
	@ValueSource(strings = { "-XX:AOTCacheOutput=app.aot", "-XX:ArchiveClassesAtExit=app.jsa", "-XX:AOTMode=record",
			"-XX:AOTConfiguration=app.conf", "-XX:+AutoCreateSharedArchive" })
	void archivesAreNotWritten(String option) {
		assertThat(adapt(option)).isEmpty();
		assertThat(this.notes).singleElement().asString().contains(option);
	}

	@Test
	void archiveIsReadIfItExists(@TempDir Path directory) throws Exception {
		String missing = "-XX:SharedArchiveFile=" + directory.resolve("missing.jsa");
		String present = "-XX:SharedArchiveFile=" + Files.createFile(directory.resolve("app.jsa"));
		assertThat(adapt(missing, present)).containsExactly(present);
	}

	/**
	 * What a worker gets instead of the user's option is logged.
	 */
	private void assertNoted(String option, String adapted) {
		if (option.equals(adapted)) {
			assertThat(this.notes).isEmpty();
		}
		else {
			assertThat(this.notes).containsExactly(adapted + " instead of " + option);
		}
	}

	private List<String> adapt(String... options) {
		return OptionRule.adapt(List.of(options), 2, this.notes::add);
	}

}
