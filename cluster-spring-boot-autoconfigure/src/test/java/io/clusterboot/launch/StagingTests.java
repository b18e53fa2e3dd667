package io.clusterboot.launch;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link Staging}.
 */
@ExtendWith(OutputCaptureExtension.class)
class StagingTests {

	private static final WorkerIdentity WORKER = new WorkerIdentity(1, 0, 1, 0, Path.of("/run/c.sock"),
			PortSharing.HANDLES);

	private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2020-01-02T03:04:05.678Z"));

	@TempDir
	Path directory;

	private final Map<String, String> properties = new HashMap<>();

	private final List<Staging> opened = new ArrayList<>();

	private Path app;

	private Path builds;

	@BeforeEach
	void createDirectories() throws IOException {
		this.app = Files.createDirectory(this.directory.resolve("app"));
		this.builds = this.directory.resolve("builds");
	}

	@AfterEach
	void close() {
		this.opened.forEach(Staging::close);
	}

	@Test
	void jarIsCopied() throws IOException {
		Path jar = jar("my app.jar", "", "one");
		Files.setLastModifiedTime(jar, LONG_AGO);
		Build build = staging(jarCommand(jar)).prepare();
		Path copy = launchedJar(build);
		assertThat(build.id()).matches("[0-9a-f]{12}");
		assertThat(copy).isEqualTo(this.builds.resolve(build.id()).resolve("my app.jar")).hasSameBinaryContentAs(jar);
		assertThat(Files.getLastModifiedTime(copy)).isEqualTo(LONG_AGO);
		assertThat(permissions(copy)).isEqualTo("r--------");
		assertThat(permissions(this.builds)).isEqualTo("rwx------");
		assertThat(words(build)).contains("--an=argument");
		assertThat(names(this.builds)).containsExactly(build.id());
	}

	@Test
	void copyDoesNotChange() throws IOException {
		Path jar = jar("app.jar", "", "one");
		byte[] before = Files.readAllBytes(jar);
		Build build = staging(jarCommand(jar)).prepare();
		Files.writeString(jar, "garbage");
		assertThat(launchedJar(build)).hasBinaryContent(before);
	}

	@Test
	void sameContentIsTheSameBuild() throws IOException {
		Path jar = jar("app.jar", "", "one");
		Staging staging = staging(jarCommand(jar));
		Build first = staging.prepare();
		Files.setLastModifiedTime(jar, LONG_AGO);
		assertThat(staging.prepare().id()).isEqualTo(first.id());
		assertThat(names(this.builds)).containsExactly(first.id());
		this.builds = this.directory.resolve("other builds");
		Path elsewhere = Files.createDirectories(this.directory.resolve("else/where"));
		assertThat(staging(jarCommand(Files.copy(jar, elsewhere.resolve("app.jar")))).prepare().id())
			.isEqualTo(first.id());
	}

	@Test
	void changedContentIsAnotherBuild() throws IOException {
		Path jar = jar("app.jar", "", "one");
		Staging staging = staging(jarCommand(jar));
		Build first = staging.prepare();
		jar("app.jar", "", "two");
		Build second = staging.prepare();
		assertThat(second.id()).isNotEqualTo(first.id());
		assertThat(launchedJar(second)).hasSameBinaryContentAs(jar);
		assertThat(launchedJar(first)).exists();
	}

	@Test
	void renamedFileIsAnotherBuild() throws IOException {
		Path classes = Files.createDirectory(this.app.resolve("classes"));
		Files.writeString(classes.resolve("a"), "text");
		Staging staging = staging(command(List.of("-cp", classes.toString()), "Main"));
		Build first = staging.prepare();
		Files.move(classes.resolve("a"), classes.resolve("b"));
		assertThat(staging.prepare().id()).isNotEqualTo(first.id());
	}

	@Test
	void jarsThatTheManifestRefersToKeepTheirPlace() throws IOException {
		Path library = jar("lib/a b.jar", "c.jar", "library");
		jar("lib/c.jar", "", "library of the library");
		jar("other/d.jar", "", "beside");
		Path absolute = jar("absolute.jar", "", "absolute");
		Path jar = jar("bin/app.jar",
				"../lib/a%20b.jar ../other/ ../lib/missing.jar " + absolute.toUri() + " " + absolute, "app");
		Build build = staging(jarCommand(jar)).prepare();
		Path root = this.builds.resolve(build.id());
		assertThat(launchedJar(build)).isEqualTo(root.resolve("bin/app.jar"));
		assertThat(files(root)).containsExactlyInAnyOrder("bin/app.jar", "lib/a b.jar", "lib/c.jar", "other/d.jar");
		assertThat(root.resolve("lib/a b.jar")).hasSameBinaryContentAs(library);
		Files.delete(library);
		assertThat(staging(jarCommand(jar)).prepare().id()).isNotEqualTo(build.id());
	}

	@Test
	void copiedApplicationRuns() throws Exception {
		Path jar = this.app.resolve("app.jar");
		Path library = Files.createDirectories(this.app.resolve("lib")).resolve("echo.jar");
		Path classes = Path.of(HelloMain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		writeJar(library, "", Map.of(HelloMain.FILE, Files.readAllBytes(classes.resolve(HelloMain.FILE))));
		writeJar(jar, "lib/echo.jar", Map.of());
		Build build = staging(jarCommand(jar)).prepare();
		Files.writeString(library, "garbage");
		Files.writeString(jar, "garbage");
		Process process = build.command().start(WORKER, 1);
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(output).isEqualTo("hello");
		assertThat(process.waitFor()).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "-cp", "-classpath", "--class-path", "--class-path=" })
	void classPathIsCopied(String option) throws IOException {
		Path jar = jar("libs/x.jar", "", "x");
		Path sameName = jar("more/libs/x.jar", "", "another x");
		Path classes = Files.createDirectories(this.app.resolve("classes/sub"));
		Files.writeString(classes.resolve("file"), "text");
		Files.setLastModifiedTime(classes.resolve("file"), LONG_AGO);
		jar("wild/y.jar", "", "y");
		jar("wild/Z.JAR", "", "z");
		Files.writeString(this.app.resolve("wild/notes.txt"), "not on the class path");
		String path = String.join(File.pathSeparator, jar.toString(), classes.getParent().toString(),
				this.app.resolve("missing").toString(), sameName.toString(), this.app.resolve("wild/*").toString(),
				this.app.resolve("none/*").toString());
		List<String> options = (option.endsWith("=")) ? List.of(option + path, "-Da=b")
				: List.of(option, path, "-Da=b");
		Build build = staging(command(options, "Main")).prepare();
		Path root = this.builds.resolve(build.id());
		assertThat(words(build)).contains("-Da=b")
			.containsSubsequence("-cp",
					Stream.of("libs/x.jar", "classes", "missing", "more/libs/x.jar", "wild/*", "none/*")
						.map((entry) -> root + "/" + entry)
						.reduce((left, right) -> left + File.pathSeparator + right)
						.orElseThrow(),
					"Main")
			.noneMatch((word) -> word.contains(this.app.toString()));
		assertThat(files(root)).containsExactlyInAnyOrder("libs/x.jar", "more/libs/x.jar", "classes/sub/file",
				"wild/y.jar", "wild/Z.JAR");
		assertThat(root.resolve("more/libs/x.jar")).hasSameBinaryContentAs(sameName);
		assertThat(Files.getLastModifiedTime(root.resolve("classes/sub/file"))).isEqualTo(LONG_AGO);
	}

	@Test
	void lastClassPathCounts() throws IOException {
		Path first = jar("first.jar", "", "first");
		Path last = jar("last.jar", "", "last");
		JavaCommand command = command(List.of("-cp", first.toString(), "--class-path", last.toString()), "Main");
		Build build = staging(command).prepare();
		assertThat(files(this.builds.resolve(build.id()))).containsExactly("last.jar");
	}

	@Test
	void classPathMayStandInAVariable() throws IOException {
		Path jar = jar("x.jar", "", "x");
		this.properties.put("cluster.worker.environment.[CLASSPATH]", jar.toString());
		Build build = staging(command(List.of(), "Main")).prepare();
		assertThat(words(build)).contains("-cp", this.builds.resolve(build.id()).resolve("x.jar").toString());
		this.properties.clear();
		Path other = jar("y.jar", "", "y");
		JavaCommand command = new JavaCommand("/jdk/bin/java", new JavaArguments(List.of(), List.of("Main"), List.of()),
				Map.of("JDK_JAVA_OPTIONS", List.of("-cp", other.toString())));
		Build byOptions = staging(command).prepare();
		assertThat(words(byOptions)).contains("-cp", this.builds.resolve(byOptions.id()).resolve("y.jar").toString());
	}

	@Test
	void modulePathIsCopied() throws IOException {
		Path jar = jar("modules/x.jar", "", "x");
		JavaCommand command = new JavaCommand("/jdk/bin/java",
				new JavaArguments(List.of("-p", jar.getParent().toString()), List.of("-m", "x/x.Main"), List.of()),
				Map.of());
		Build build = staging(command).prepare();
		Path root = this.builds.resolve(build.id());
		assertThat(words(build)).containsSubsequence("-p", root.resolve("modules").toString(), "-m", "x/x.Main")
			.doesNotContain("-cp");
		assertThat(files(root)).containsExactly("modules/x.jar");
	}

	@Test
	void linksAreFollowed() throws IOException {
		Path classes = Files.createDirectories(this.directory.resolve("releases/1/classes"));
		Files.writeString(classes.resolve("file"), "text");
		Files.createSymbolicLink(classes.resolve("self"), classes);
		Files.createSymbolicLink(classes.resolve("broken"), classes.resolve("nowhere"));
		Path link = Files.createSymbolicLink(this.app.resolve("current"), classes);
		Build build = staging(command(List.of("-cp", link.toString()), "Main")).prepare();
		Path root = this.builds.resolve(build.id());
		assertThat(files(root)).containsExactly("current/file");
		assertThat(Files.isSymbolicLink(root.resolve("current"))).isFalse();
	}

	@Test
	void copiesAreNotCopied() throws IOException {
		this.builds = this.app.resolve("builds");
		jar("x.jar", "", "x");
		Staging staging = staging(command(List.of("-cp", this.app.toString()), "Main"));
		Build build = staging.prepare();
		assertThat(files(this.builds.resolve(build.id()))).containsExactly("app/x.jar");
		assertThat(staging.prepare().id()).isEqualTo(build.id());
	}

	@Test
	void onlyWhatIsUsedOrCurrentIsRetained() throws IOException {
		Path jar = jar("app.jar", "", "one");
		Staging staging = staging(jarCommand(jar));
		Build one = staging.prepare();
		jar("app.jar", "", "two");
		Build two = staging.prepare();
		jar("app.jar", "", "three");
		Build three = staging.prepare();
		staging.retain(List.of(one));
		assertThat(names(this.builds)).containsExactlyInAnyOrder(one.id(), three.id());
		jar("app.jar", "", "two");
		assertThat(staging.prepare().id()).isEqualTo(two.id());
		assertThat(launchedJar(two)).exists();
		staging.retain(List.of());
		assertThat(names(this.builds)).containsExactly(two.id());
		staging.close();
		assertThat(names(this.builds)).isEmpty();
	}

	@Test
	void brokenJarIsRefusedAndChangesNothing() throws IOException {
		Path jar = jar("app.jar", "", "one");
		Staging staging = staging(jarCommand(jar));
		Build build = staging.prepare();
		Files.writeString(jar, "half a jar");
		assertThatIOException().isThrownBy(staging::prepare)
			.withMessageContaining("no new build")
			.withMessageContaining(jar + " is no jar, or not complete");
		Files.delete(jar);
		assertThatIOException().isThrownBy(staging::prepare).withMessageContaining("NoSuchFileException: " + jar);
		assertThat(names(this.builds)).containsExactly(build.id());
		assertThat(launchedJar(build)).exists();
		jar("app.jar", "", "one");
		assertThat(staging.prepare().id()).isEqualTo(build.id());
	}

	@Test
	void whatIsTooLargeRunsFromTheOriginal(CapturedOutput output) throws IOException {
		Path jar = jar("app.jar", "", "one");
		this.properties.put("cluster.staging.max-size", "100B");
		Staging staging = staging(jarCommand(jar));
		Build build = staging.prepare();
		assertThat(build.id()).isNull();
		assertThat(launchedJar(build)).isEqualTo(jar);
		assertThat(output).contains("WARN")
			.containsOnlyOnce("Workers run from the original files")
			.contains("cluster.staging.max-size");
		assertThat(staging.prepare().id()).isNull();
		assertThat(output).containsOnlyOnce("Workers run from the original files");
		assertThat(names(this.builds)).isEmpty();
	}

	@Test
	void whatGrowsTooLargeIsRefused() throws IOException {
		Path jar = jar("app.jar", "", "one");
		this.properties.put("cluster.staging.max-size", "5KB");
		Staging staging = staging(jarCommand(jar));
		Build build = staging.prepare();
		try (OutputStream out = Files.newOutputStream(jar)) {
			out.write(new byte[10_000]);
		}
		assertThatIOException().isThrownBy(staging::prepare).withMessageContaining("cluster.staging.max-size");
		assertThat(launchedJar(build)).exists();
	}

	@Test
	void directoryThatCannotBeWrittenToMeansTheOriginal(CapturedOutput output) throws IOException {
		Path jar = jar("app.jar", "", "one");
		Staging staging = Staging.of(jarCommand(jar), properties(), () -> {
			throw new AccessDeniedException("/read-only");
		});
		assertThat(staging.prepare().id()).isNull();
		assertThat(output).contains("AccessDeniedException: /read-only");
	}

	@Test
	void environmentFileIsReadAnew() throws IOException {
		Path file = Files.writeString(this.app.resolve("env"), "A=file\nB=file\nJAVA_TOOL_OPTIONS=-Xlog:gc:gc.log\n");
		this.properties.put("cluster.worker.environment-file", file.toString());
		this.properties.put("cluster.worker.environment.[B]", "property");
		Staging staging = staging(jarCommand(jar("app.jar", "", "one")));
		Build first = staging.prepare();
		assertThat(environment(first)).containsEntry("A", "file")
			.containsEntry("B", "property")
			.containsEntry("JAVA_TOOL_OPTIONS", "-Xlog:gc:gc.worker-1.log");
		Files.writeString(file, "C=new");
		assertThat(environment(staging.prepare())).containsEntry("C", "new")
			.doesNotContainKeys("A", "JAVA_TOOL_OPTIONS");
		assertThat(environment(first)).containsEntry("A", "file");
		Files.delete(file);
		assertThatIOException().isThrownBy(staging::prepare).withMessage(file + ": the file does not exist");
	}

	@Test
	void environmentFileNeedsNoCopy() {
		this.properties.put("cluster.staging.enabled", "false");
		this.properties.put("cluster.worker.environment-file", "/nowhere/env");
		assertThatIOException().isThrownBy(() -> staging(jarCommand(Path.of("app.jar"))).prepare())
			.withMessage("/nowhere/env: the file does not exist");
	}

	private static Map<String, String> environment(Build build) {
		Map<String, String> environment = new HashMap<>(System.getenv());
		build.command().adaptEnvironment(environment, WORKER, (note) -> {
		});
		return environment;
	}

	@Test
	void stagingCanBeTurnedOff(CapturedOutput output) throws IOException {
		Path jar = jar("app.jar", "", "one");
		this.properties.put("cluster.staging.enabled", "false");
		Build build = staging(jarCommand(jar)).prepare();
		assertThat(build.id()).isNull();
		assertThat(launchedJar(build)).isEqualTo(jar);
		assertThat(this.builds).doesNotExist();
		assertThat(output).doesNotContain("Workers run");
	}

	@Test
	@EnabledForJreRange(max = JRE.JAVA_18)
	void archiveKeepsOlderJvmsAtTheOriginal(CapturedOutput output) throws IOException {
		assertThat(withArchive().id()).isNull();
		assertThat(output).contains("SharedArchiveFile");
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_19)
	void newerJvmsUseTheirArchiveWithACopy() throws IOException {
		assertThat(withArchive().id()).isNotNull();
	}

	private Build withArchive() throws IOException {
		Path archive = Files.createFile(this.app.resolve("app.jsa"));
		this.properties.put("cluster.worker.jvm-args[0]", "-XX:SharedArchiveFile=" + archive);
		return staging(jarCommand(jar("app.jar", "", "one"))).prepare();
	}

	@Test
	void closingGivesUpACopyInTheMaking() throws Exception {
		this.properties.put("cluster.staging.max-size", "1TB");
		Path sparse = this.app.resolve("sparse");
		try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
			file.setLength(100L << 30);
		}
		Staging staging = staging(command(List.of("-cp", sparse.toString()), "Main"));
		CompletableFuture<Throwable> failure = new CompletableFuture<>();
		Thread preparing = new Thread(() -> failure.complete(catchThrowable(staging::prepare)));
		preparing.start();
		while (!Files.exists(this.builds) || names(this.builds).isEmpty()) {
			Thread.onSpinWait();
		}
		staging.close();
		assertThat(failure.get(3, TimeUnit.MINUTES)).hasMessage("The cluster stops");
		assertThat(names(this.builds)).isEmpty();
	}

	private Staging staging(JavaCommand command) {
		Staging staging = Staging.of(command, properties(), () -> this.builds);
		this.opened.add(staging);
		return staging;
	}

	private ClusterProperties properties() {
		return new Binder(new MapConfigurationPropertySource(this.properties)).bindOrCreate("cluster",
				ClusterProperties.class);
	}

	private static JavaCommand jarCommand(Path jar) {
		return new JavaCommand(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				new JavaArguments(List.of(), List.of("-jar", jar.toString()), List.of("--an=argument")), Map.of());
	}

	private static JavaCommand command(List<String> options, String mainClass) {
		return new JavaCommand("/jdk/bin/java", new JavaArguments(options, List.of(mainClass), List.of()), Map.of());
	}

	private static List<String> words(Build build) {
		return build.command().commandLine(WORKER, 1).words();
	}

	private static Path launchedJar(Build build) {
		List<String> words = words(build);
		return Path.of(words.get(words.indexOf("-jar") + 1));
	}

	private Path jar(String name, String classPath, String content) throws IOException {
		Path jar = this.app.resolve(name);
		Files.createDirectories(jar.getParent());
		writeJar(jar, classPath, Map.of("content", content.getBytes(StandardCharsets.UTF_8)));
		return jar;
	}

	private static void writeJar(Path jar, String classPath, Map<String, byte[]> entries) throws IOException {
		Manifest manifest = new Manifest();
		manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
		manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, HelloMain.class.getName());
		manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
		try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
			out.setLevel(0);
			out.putNextEntry(entry("META-INF/MANIFEST.MF"));
			manifest.write(out);
			for (Map.Entry<String, byte[]> each : entries.entrySet()) {
				out.putNextEntry(entry(each.getKey()));
				out.write(each.getValue());
			}
		}
	}

	/**
	 * Without the time of its creation.
	 */
	private static JarEntry entry(String name) {
		JarEntry entry = new JarEntry(name);
		entry.setTime(0);
		return entry;
	}

	private static String permissions(Path file) throws IOException {
		return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
	}

	private static List<String> names(Path directory) {
		return Arrays.asList(directory.toFile().list());
	}

	private static List<String> files(Path directory) throws IOException {
		try (Stream<Path> files = Files.walk(directory)) {
			return files.filter(Files::isRegularFile).map((file) -> directory.relativize(file).toString()).toList();
		}
	}

	/**
	 * An application.
	 */
	static final class HelloMain {

		static final String FILE = HelloMain.class.getName().replace('.', '/') + ".class";

		private HelloMain() {
		}

		public static void main(String[] args) {
			System.out.print("hello");
		}

	}

}
