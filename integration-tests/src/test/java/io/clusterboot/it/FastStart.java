package io.clusterboot.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Applications as they are deployed to start fast: from jars, with a class data archive.
 * Starts of JVMs are most of what the tests wait for. What is made here is kept in the
 * build directory until that from which it was made changes.
 */
final class FastStart {

	private static final List<String> JVM_OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

	private static final Path DIRECTORY = Path.of("target", "fast-start").toAbsolutePath();

	private FastStart() {
	}

	/**
	 * An application of the test class path.
	 * @param server the server that it has
	 * @param mainClass its main class
	 * @return a builder
	 */
	static ClusterProcessBuilder application(TestServer server, Class<?> mainClass) {
		return application(server, List.of(), mainClass);
	}

	/**
	 * An application of the test class path with Spring Security.
	 * @param mainClass its main class
	 * @return a builder
	 */
	static ClusterProcessBuilder secured(Class<?> mainClass) {
		return application(TestServer.selected(), TestClassPath.security(TestServer.selected()), mainClass);
	}

	/**
	 * What is added comes after what is in the archive, which is good for any class path
	 * that begins as its own does.
	 */
	private static ClusterProcessBuilder application(TestServer server, List<Path> added, Class<?> mainClass) {
		List<Path> entries = TestClassPath.open(server);
		Path directory = DIRECTORY.resolve(server.name().toLowerCase(Locale.ROOT) + "-" + version(entries));
		// archives are for jars only
		List<Path> jars = entries.stream()
			.map((entry) -> Files.isDirectory(entry) ? directory.resolve("classes-" + entries.indexOf(entry) + ".jar")
					: entry)
			.toList();
		String archived = TestClassPath.join(jars);
		return start(directory, () -> {
			for (int i = 0; i < entries.size(); i++) {
				if (Files.isDirectory(entries.get(i))) {
					jar(entries.get(i), jars.get(i));
				}
			}
			return List.of("-cp", archived, server.application().getName());
		}, "-cp", TestClassPath.join(Stream.concat(jars.stream(), added.stream()).toList()), mainClass.getName());
	}

	/**
	 * The demo application, extracted from its jar.
	 * @return a builder
	 */
	static ClusterProcessBuilder demo() {
		Path jar = DemoJar.path();
		Path directory = DIRECTORY.resolve("demo-" + version(List.of(jar)));
		String[] target = { "-jar", directory.resolve(jar.getFileName()).toString() };
		return start(directory, () -> {
			run(List.of("-Djarmode=tools", "-jar", jar.toString(), "extract", "--force", "--destination",
					directory.toString()));
			return List.of(target);
		}, target);
	}

	/**
	 * The demo application with more classes. They come after those that are in the
	 * archive.
	 * @param type a class of the tests, of whose package all is added
	 * @return a builder
	 */
	static ClusterProcessBuilder demoWith(Class<?> type) {
		Path jar = DemoJar.path();
		Path directory = DIRECTORY.resolve("demo-" + version(List.of(jar)));
		demo();
		String more = testClasses(type).toString();
		String classPath = directory.resolve(jar.getFileName()) + File.pathSeparator + more;
		return ClusterProcess.java("-cp", classPath, "io.clusterboot.demo.DemoApplication")
			.jvmOptions(JVM_OPTIONS.get(0), "-XX:SharedArchiveFile=" + directory.resolve("classes.jsa"));
	}

	private static synchronized Path testClasses(Class<?> type) {
		Path classes = Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
		Path jar = DIRECTORY.resolve(type.getSimpleName() + "-" + ProcessHandle.current().pid() + ".jar");
		int result = ToolProvider.findFirst("jar")
			.orElseThrow()
			.run(System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(),
					type.getPackageName().replace('.', '/'));
		assertThat(result).as("exit code of the jar tool").isZero();
		jar.toFile().deleteOnExit();
		return jar;
	}

	private static synchronized ClusterProcessBuilder start(Path directory, Preparation preparation, String... target) {
		Path archive = directory.resolve("classes.jsa");
		if (!Files.exists(archive)) {
			try {
				prepare(directory, preparation, archive);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		return ClusterProcess.java(target).jvmOptions(JVM_OPTIONS.get(0), "-XX:SharedArchiveFile=" + archive);
	}

	/**
	 * Other classes may be tested by other processes meanwhile, which wait for what they
	 * need and for nothing else.
	 */
	private static void prepare(Path directory, Preparation preparation, Path archive) throws IOException {
		Files.createDirectories(DIRECTORY);
		try (FileChannel lock = FileChannel.open(DIRECTORY.resolve(purpose(directory) + ".lock"),
				StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
			lock.lock();
			if (!Files.exists(archive)) {
				deleteOthers(directory);
				Files.createDirectories(directory);
				train(preparation.prepare(), archive);
			}
		}
	}

	private static String purpose(Path directory) {
		String name = directory.getFileName().toString();
		return name.substring(0, name.indexOf('-'));
	}

	/**
	 * Archive what a primary and a worker load from their start to their end.
	 */
	private static void train(List<String> target, Path archive) throws IOException {
		Path classes = archive.resolveSibling("classes.list");
		try (ClusterProcess cluster = ClusterProcess.java(target.toArray(String[]::new))
			.jvmOptions(JVM_OPTIONS.get(0), "-XX:DumpLoadedClassList=" + classes)
			.workers(1)
			.property("spring.data.redis.port", 1)
			// what is logged is for others to look at
			.expectError("")
			.start(); HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			connection.get("/actuator/cluster");
		}
		Path all = archive.resolveSibling("all-classes.list");
		// the starter gives each worker a file of its own. The numbers that JDK 25 gives
		// classes differ, and only those of other class loaders need them
		Files.write(all,
				Stream.of(classes.resolveSibling("classes.worker-1.list"), classes)
					.flatMap((list) -> read(list).lines())
					.filter((line) -> !line.contains(" source: "))
					.map((line) -> line.replaceFirst(" id: \\d+$", ""))
					.distinct()
					.toList());
		// a JVM that is killed leaves a part of an archive
		Path unfinished = Path.of(archive + ".unfinished");
		List<String> dump = new ArrayList<>(JVM_OPTIONS);
		dump.addAll(List.of("-Xshare:dump", "-XX:SharedClassListFile=" + all, "-XX:SharedArchiveFile=" + unfinished,
				"-cp", target.get(1)));
		run(dump);
		assertThat(unfinished).isNotEmptyFile();
		Files.move(unfinished, archive);
	}

	/**
	 * Delete what was made for the same purpose from something else.
	 */
	private static void deleteOthers(Path directory) throws IOException {
		String prefix = purpose(directory) + "-";
		try (Stream<Path> directories = Files.list(DIRECTORY)) {
			directories.filter((other) -> other.getFileName().toString().startsWith(prefix))
				.forEach(ClusterProcess::delete);
		}
	}

	/**
	 * A name for these files in their present state, and for this JDK, whose archives no
	 * other can read.
	 */
	private static String version(List<Path> entries) {
		StringBuilder state = new StringBuilder();
		state.append(System.getProperty("java.home")).append(System.getProperty("java.vm.version"));
		for (Path entry : entries) {
			try (Stream<Path> files = Files.walk(entry)) {
				for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
					state.append('\n').append(file).append(' ').append(Files.size(file));
					state.append(' ').append(Files.getLastModifiedTime(file).toMillis());
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		return UUID.nameUUIDFromBytes(state.toString().getBytes(StandardCharsets.UTF_8)).toString();
	}

	private static void jar(Path classes, Path jar) {
		int result = ToolProvider.findFirst("jar")
			.orElseThrow()
			.run(System.out, System.err, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
		assertThat(result).as("exit code of the jar tool").isZero();
	}

	private static void run(List<String> arguments) throws IOException {
		List<String> command = new ArrayList<>(arguments);
		command.add(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
		Path output = Files.createTempFile("clusterboot-", ".log");
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
		builder.environment().keySet().removeAll(ClusterProcessBuilder.JVM_OPTION_VARIABLES);
		Process process = builder.start();
		try {
			assertThat(process.waitFor(Deadlines.WORK.toMillis(), TimeUnit.MILLISECONDS)).as("%s ends", command)
				.isTrue();
			assertThat(process.exitValue()).as(() -> command + "\n" + read(output)).isZero();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
		finally {
			process.destroyForcibly();
			Files.delete(output);
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	/**
	 * Makes an application's jars.
	 */
	private interface Preparation {

		/**
		 * Make the jars.
		 * @return what to start to load the classes that the archive is to contain
		 */
		List<String> prepare() throws IOException;

	}

}
