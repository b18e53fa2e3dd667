package io.clusterboot.it;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.app.CountingAgent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Workers are started as the user started the primary, except where they would collide.
 */
@ExtendWith(PrintOutputOnFailure.class)
class RelaunchTests {

	/**
	 * How a process was started.
	 */
	private record Account(long pid, List<String> arguments, List<String> options, Map<String, String> environment,
			Map<String, String> properties) {
	}

	private static Account account(int port) throws IOException {
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			HttpConnection.Reply reply = connection.get("/process");
			assertThat(reply.status()).isEqualTo(200);
			return JsonMapper.shared().readValue(reply.body(), Account.class);
		}
	}

	/**
	 * How the workers of a cluster were started, by their pids.
	 */
	private static Map<Long, Account> accounts(ClusterProcess cluster) throws Exception {
		Map<Long, Account> accounts = new TreeMap<>();
		Pids.assertAllAnswer(cluster.workerPids(), () -> {
			Account account = account(cluster.port());
			accounts.put(account.pid(), account);
			return account.pid();
		});
		return accounts;
	}

	private static List<String> commandLine(long pid) throws IOException {
		String words = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
		return List.of(words.substring(0, words.length() - 1).split("\0", -1));
	}

	/**
	 * One cluster with everything on its command line that is hard to pass on.
	 */
	@Nested
	@TestMethodOrder(OrderAnnotation.class)
	class WithEverything {

		private static final String HIDDEN = "nobody else may see this";

		private static final List<String> HARD_TO_QUOTE = List.of("two words", "say \"hi\"", "it's", "", " ",
				"back\\slash\\", "*", "@options", "#comment", "$HOME", "grüße \u65e5\u672c",
				"--app.greeting=hello world", "-Dapp.colour=red", "--app.argument=" + HIDDEN);

		@TempDir
		private static Path directory;

		private static ClusterProcess cluster;

		private static Path optionFile;

		private static int debugPort;

		@BeforeAll
		static void start() throws IOException {
			debugPort = Ports.free(4);
			List<Path> entries = TestClassPath.open(TestServer.selected())
				.stream()
				.map(WithEverything::throughLinkWithSpace)
				.toList();
			List<String> words = new ArrayList<>(List.of("-Dapp.option=" + HIDDEN, "-cp", TestClassPath.join(entries),
					TestServer.selected().application().getName()));
			words.addAll(HARD_TO_QUOTE);
			optionFile = directory.resolve("options");
			Files.write(optionFile, words.stream().map(WithEverything::quote).toList(), StandardCharsets.UTF_8);
			Path launcherFile = Files.writeString(directory.resolve("launcher options"),
					quote("-Dapp.launcher=" + HIDDEN));
			cluster = ClusterProcess.java("@" + optionFile)
				.directory(directory)
				.jvmOptions("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + debugPort,
						"-Xlog:gc:file=gc.log")
				.environment("LC_ALL", "C.UTF-8")
				.environment("JDK_JAVA_OPTIONS", "'@" + launcherFile + "'")
				.environment("JAVA_TOOL_OPTIONS", "-Dfoo=bar '-javaagent:" + agentJar() + "'")
				.property("logging.file.name", "app.log")
				.property("cluster.startup.timeout", "10m")
				.property("cluster.worker.environment.X", "y")
				.property("cluster.worker.environment.[APP_COLOUR]", "light blue")
				.start();
			cluster.awaitReady();
			Files.delete(optionFile);
			Files.delete(launcherFile);
		}

		@AfterAll
		static void stop() {
			cluster.close();
		}

		private static String quote(String word) {
			return '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
		}

		private static Path throughLinkWithSpace(Path entry) {
			if (!Files.isDirectory(entry)) {
				return entry;
			}
			try {
				Path parent = Files.createTempDirectory(directory, "with space ");
				return Files.createSymbolicLink(parent.resolve("classes"), entry.toAbsolutePath());
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private static Path agentJar() throws IOException {
			Manifest manifest = new Manifest();
			manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
			manifest.getMainAttributes().putValue("Premain-Class", CountingAgent.class.getName());
			String resource = CountingAgent.class.getName().replace('.', '/') + ".class";
			Path jar = Files.createDirectory(directory.resolve("an agent")).resolve("agent.jar");
			try (OutputStream file = Files.newOutputStream(jar);
					JarOutputStream out = new JarOutputStream(file, manifest)) {
				out.putNextEntry(new JarEntry(resource));
				CountingAgent.class.getClassLoader().getResourceAsStream(resource).transferTo(out);
			}
			return jar;
		}

		/**
		 * The primary's arguments: those of the file, then those that follow it.
		 */
		private static List<String> expectedArguments() throws IOException {
			List<String> primary = commandLine(cluster.pid());
			List<String> arguments = new ArrayList<>(HARD_TO_QUOTE);
			arguments.addAll(primary.subList(primary.indexOf("@" + optionFile) + 1, primary.size()));
			return arguments;
		}

		private static Collection<Worker> workers() {
			return cluster.cluster().workers();
		}

		@Test
		@Order(1)
		void argumentsReachWorkersExactly() throws Exception {
			List<String> expected = expectedArguments();
			for (Account account : accounts(cluster).values()) {
				assertThat(account.arguments()).isEqualTo(expected);
				assertThat(account.properties()).doesNotContainKey("app.colour");
				assertThat(account.properties().get("java.class.path").split(":"))
					.anyMatch((entry) -> entry.matches(".*/with space [^/]*/classes"))
					.allMatch((entry) -> entry.matches(".*/builds/[0-9a-f]{12}/.*"));
			}
		}

		@Test
		@Order(2)
		void optionsAndAgentsAreNotDoubled() throws Exception {
			for (Account account : accounts(cluster).values()) {
				assertThat(account.options()).containsOnlyOnce("-Dfoo=bar", "-Dapp.option=" + HIDDEN,
						"-Dapp.launcher=" + HIDDEN, "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError");
				assertThat(account.options()).filteredOn((option) -> option.startsWith("-javaagent:")).hasSize(1);
				assertThat(account.options()).filteredOn((option) -> option.startsWith("-Xlog:gc")).hasSize(1);
				assertThat(account.options()).filteredOn((option) -> option.startsWith("-agentlib:jdwp")).hasSize(1);
				assertThat(account.properties()).containsEntry(CountingAgent.COUNT, "1");
			}
		}

		@Test
		@Order(3)
		void eachProcessHasADebugPortOfItsOwn() throws Exception {
			assertThat(Ports.isListening(debugPort)).isTrue();
			Map<Long, Account> accounts = accounts(cluster);
			List<String> addresses = new ArrayList<>();
			for (Worker worker : workers()) {
				int port = debugPort + worker.id();
				assertThat(Ports.isListening(port)).isTrue();
				cluster.awaitLine("Listening for transport dt_socket at address: " + port);
				cluster.awaitLine("worker-%d: -agentlib:jdwp=.*:%d instead of -agentlib:jdwp=.*:%d$"
					.formatted(worker.id(), port, debugPort));
				accounts.get(worker.pid())
					.options()
					.stream()
					.filter((option) -> option.startsWith("-agentlib:jdwp="))
					.forEach(addresses::add);
			}
			assertThat(addresses).containsExactlyInAnyOrder(
					"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + (debugPort + 1),
					"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + (debugPort + 2));
		}

		@Test
		@Order(4)
		void eachProcessHasAGarbageCollectionLogOfItsOwn() {
			for (String file : List.of("gc.log", "gc.worker-1.log", "gc.worker-2.log")) {
				assertThat(directory.resolve(file)).content().containsOnlyOnce("Using ");
			}
			assertThat(directory.resolve("gc.worker-3.log")).doesNotExist();
		}

		@Test
		@Order(5)
		void environmentIsForWorkersOnly() throws Exception {
			String primary = Files.readString(Path.of("/proc/" + cluster.pid() + "/environ"));
			assertThat(primary.split("\0")).doesNotContain("X=y").noneMatch((entry) -> entry.startsWith("APP_COLOUR="));
			for (Account account : accounts(cluster).values()) {
				assertThat(account.environment()).containsEntry("X", "y").containsEntry("APP_COLOUR", "light blue");
			}
		}

		@Test
		@Order(6)
		void workersShareTheMemory() throws Exception {
			for (Account account : accounts(cluster).values()) {
				List<String> shares = account.options()
					.stream()
					.filter((option) -> option.startsWith("-XX:MaxRAMPercentage="))
					.toList();
				assertThat(shares).containsExactly("-XX:MaxRAMPercentage=25.00");
			}
			assertThat(commandLine(cluster.pid())).noneMatch((option) -> option.contains("RAMPercentage"));
		}

		@Test
		@Order(7)
		void eachProcessLogsToAFileOfItsOwn() throws IOException {
			List<String> lines = Files.readAllLines(directory.resolve("app.log"));
			assertThat(lines).anyMatch((line) -> line.contains("is the primary of 2 workers"))
				.noneMatch((line) -> line.contains("[worker-"))
				.noneMatch((line) -> line.contains(" started on port"));
			for (int id = 1; id <= 2; id++) {
				String own = "[worker-" + id + "]";
				assertThat(Files.readAllLines(directory.resolve("app.worker-" + id + ".log")))
					.anyMatch((line) -> line.contains(" started on port"))
					.allMatch((line) -> line.contains(own));
				assertThat(cluster.output().lines()).filteredOn((line) -> line.contains(" started on port"))
					.filteredOn((line) -> line.contains(own))
					.hasSize(1);
			}
		}

		@Test
		@Order(8)
		void linesOfWorkersNeverMix() throws Exception {
			int batches = 8;
			int lines = 200;
			int length = 3000;
			List<HttpConnection> connections = connect(batches / 2);
			// the common pool has too few threads for all of them to write at once
			ExecutorService threads = Executors.newFixedThreadPool(batches);
			List<CompletableFuture<Long>> writers = IntStream.range(0, batches)
				.mapToObj((batch) -> CompletableFuture
					.supplyAsync(() -> log(connections.get(batch), "batch-" + batch, lines, length), threads))
				.toList();
			threads.shutdown();
			List<Long> pids = writers.stream().map(CompletableFuture::join).distinct().toList();
			assertThat(pids).as("workers that wrote").hasSameElementsAs(cluster.workerPids());
			Pattern whole = Pattern.compile("^\\S+  INFO \\[worker-\\d\\] \\d+ --- \\[ *\\S+\\] \\S+ +: "
					+ "BEGIN (batch-\\d) \\d+ (\\d+) x{" + length + "} END$");
			await().atMost(Deadlines.EVENT)
				.untilAsserted(() -> assertThat(suspects(cluster.output().lines()).count())
					.isGreaterThanOrEqualTo(batches * lines));
			assertThat(suspects(cluster.output().lines()).filter((line) -> !whole.matcher(line).matches())
				.map((line) -> line.replaceAll("x{20,}", "x..."))).isEmpty();
			Map<String, List<Integer>> numbers = suspects(cluster.output().lines()).map(whole::matcher)
				.filter((line) -> line.matches())
				.collect(Collectors.groupingBy((line) -> line.group(1),
						Collectors.mapping((line) -> Integer.valueOf(line.group(2)), Collectors.toList())));
			assertThat(numbers).hasSize(batches);
			assertThat(numbers.values()).allMatch((batch) -> batch.equals(IntStream.range(0, lines).boxed().toList()));
		}

		private static Stream<String> suspects(List<String> lines) {
			return lines.stream().filter((line) -> line.contains("xxxxx"));
		}

		/**
		 * Connect until each worker has a number of connections: where requests come all
		 * at once, one worker may take them all.
		 */
		private static List<HttpConnection> connect(int connectionsPerWorker) throws Exception {
			Map<Long, List<HttpConnection>> connections = new TreeMap<>();
			cluster.workerPids().forEach((pid) -> connections.put(pid, new ArrayList<>()));
			for (int i = 0; i < connectionsPerWorker; i++) {
				Pids.assertAllAnswer(connections.keySet(), () -> {
					HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
					long pid = connection.get("/pid").pid();
					connections.get(pid).add(connection);
					return pid;
				});
			}
			List<HttpConnection> chosen = new ArrayList<>();
			for (List<HttpConnection> own : connections.values()) {
				chosen.addAll(own.subList(0, connectionsPerWorker));
				for (HttpConnection surplus : own.subList(connectionsPerWorker, own.size())) {
					surplus.close();
				}
			}
			return chosen;
		}

		private static long log(HttpConnection connection, String name, int lines, int length) {
			try (connection) {
				return connection.post("/log?name=%s&lines=%d&length=%d".formatted(name, lines, length), new byte[0])
					.pid();
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Test
		@Order(9)
		void replacementNeedsNoOptionFile() throws Exception {
			assertThat(optionFile).doesNotExist();
			List<String> expected = expectedArguments();
			long killed = cluster.workerPids().get(0);
			Processes.signal("KILL", List.of(killed));
			ClusterView after = cluster.awaitReplaced(List.of(killed));
			assertThat(after.workers()).anyMatch((worker) -> worker.id() == 3);
			for (Account account : accounts(cluster).values()) {
				assertThat(account.arguments()).isEqualTo(expected);
				assertThat(account.properties()).containsEntry(CountingAgent.COUNT, "1");
			}
			assertThat(cluster.output().lines()).as("a seat is taken over")
				.noneMatch((line) -> line.contains("Listening for transport dt_socket at address: " + (debugPort + 3)));
		}

		@Test
		@Order(10)
		void anotherUserSeesNothingOfTheOptionFiles() throws Exception {
			assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "not root");
			List<String> command = new ArrayList<>(
					List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat"));
			cluster.allPids().forEach((pid) -> command.add("/proc/" + pid + "/cmdline"));
			cluster.allPids().forEach((pid) -> command.add("/proc/" + pid + "/environ"));
			Process attacker = new ProcessBuilder(command).start();
			String seen = new String(attacker.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			String refused = new String(attacker.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(seen.split("\0")).contains("@" + optionFile, "-Dio.clusterboot.worker.id=2",
					"-Dio.clusterboot.worker.id=3", "--logging.file.name=app.log");
			assertThat(seen).doesNotContain(HIDDEN, "hello world");
			assertThat(refused.lines()).hasSameSizeAs(cluster.allPids())
				.allMatch((line) -> line.endsWith("environ: Permission denied"));
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains(HIDDEN));
		}

	}

}
