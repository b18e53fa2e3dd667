package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The demo application as it is deployed to start fast: extracted from its jar, with a
 * class data archive. For tests that start many workers.
 */
final class ExtractedDemo {

	private static final List<String> JVM_OPTIONS = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

	private ExtractedDemo() {
	}

	/**
	 * Extract the demo, and have it write its archive.
	 * @param directory an empty directory, to be kept while the demo runs
	 * @return a builder
	 */
	static ClusterProcess.Builder in(Path directory) throws IOException {
		Path archive = directory.resolve("demo.jsa");
		run(List.of("-Djarmode=tools", "-jar", ClusterProcess.demoJar().toString(), "extract", "--force",
				"--destination", directory.toString()));
		String jar = jarIn(directory).toString();
		List<String> training = new ArrayList<>(JVM_OPTIONS);
		training.addAll(List.of("-XX:ArchiveClassesAtExit=" + archive, "-Dspring.context.exit=onRefresh", "-jar", jar,
				"--server.address=127.0.0.1", "--server.port=0"));
		run(training);
		assertThat(archive).isNotEmptyFile();
		return ClusterProcess.java("-jar", jar).jvmOptions(JVM_OPTIONS.get(0), "-XX:SharedArchiveFile=" + archive);
	}

	private static Path jarIn(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter((file) -> file.toString().endsWith(".jar")).findFirst().orElseThrow();
		}
	}

	private static void run(List<String> arguments) throws IOException {
		List<String> command = new ArrayList<>(arguments);
		command.add(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
		Path output = Files.createTempFile("clusterboot-", ".log");
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("%s ends", command).isTrue();
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

}
