package io.clusterboot.redis;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

import org.springframework.util.ClassUtils;

/**
 * Finds the program of a Redis server: in the jar of embedded-redis, or else on the path.
 * It is a worker that looks, since it is its build that has the jar.
 */
public final class RedisExecutable {

	private static final Log logger = LogFactory.getLog(RedisExecutable.class);

	private static final List<String> NAMES = List.of("redis-server", "valkey-server");

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private RedisExecutable() {
	}

	/**
	 * Find the program.
	 * @param directory where to put it if it is in a jar
	 * @return the program, or {@code null} if there is none that runs here
	 */
	public static @Nullable Path find(Path directory) {
		return Stream.concat(Stream.ofNullable(extract(directory)), onPath())
			.filter(RedisExecutable::runs)
			.findFirst()
			.orElse(null);
	}

	private static @Nullable Path extract(Path directory) {
		if (!ClassUtils.isPresent("redis.embedded.core.ExecutableProvider", RedisExecutable.class.getClassLoader())) {
			return null;
		}
		try {
			return Embedded.extract(directory);
		}
		catch (IOException | RuntimeException ex) {
			logger.warn("The jar of embedded-redis has no program for this machine, or it cannot be extracted: "
					+ ex.getMessage());
			return null;
		}
	}

	private static Stream<Path> onPath() {
		List<Path> directories = Arrays
			.stream(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
			.filter((entry) -> !entry.isEmpty())
			.map(Path::of)
			.filter(Path::isAbsolute)
			.toList();
		List<Path> found = new ArrayList<>();
		for (String name : NAMES) {
			directories.stream().map((entry) -> entry.resolve(name)).filter(Files::isExecutable).forEach(found::add);
		}
		return found.stream();
	}

	/**
	 * A program for another C library, for instance, is executable and does not run.
	 */
	private static boolean runs(Path executable) {
		try {
			Process process = new ProcessBuilder(executable.toString(), "--version").redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			boolean ended = process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
			process.destroyForcibly();
			if (ended && process.exitValue() == 0) {
				return true;
			}
			logger.warn("%s cannot be used: '--version' %s".formatted(executable,
					ended ? "exits with code " + process.exitValue() : "hangs"));
		}
		catch (IOException ex) {
			logger.warn("%s cannot be used: %s".formatted(executable, ex.getMessage()));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return false;
	}

	/**
	 * Refers to the optional jar.
	 */
	private static final class Embedded {

		/**
		 * Several workers may do this at the same time, and Redis may be running from the
		 * result. The directory is removed at the end by whoever leaves last, not by the
		 * worker that extracts.
		 */
		static Path extract(Path directory) throws IOException {
			Path program = directory.resolve("redis-server");
			if (Files.isExecutable(program)) {
				return program;
			}
			Path temporary = Files.createTempDirectory(directory, "redis-");
			Path extracted = ExecutableProvider.newJarResourceProvider(temporary.toFile()).get().toPath();
			Files.move(extracted, program, StandardCopyOption.ATOMIC_MOVE);
			Files.delete(temporary);
			return program;
		}

	}

}
