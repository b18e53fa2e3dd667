package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The packaged demo application.
 */
final class DemoJar {

	private DemoJar() {
	}

	static Path path() {
		String given = System.getProperty("demo.jar");
		if (given != null) {
			return Path.of(given).toAbsolutePath().normalize();
		}
		try (Stream<Path> files = Files.list(Path.of("../demo-app/target"))) {
			return files.filter((file) -> file.getFileName().toString().matches("demo-app-[^-]+(-SNAPSHOT)?\\.jar"))
				.findFirst()
				.orElseThrow(() -> new IllegalStateException("package demo-app first"))
				.toAbsolutePath()
				.normalize();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("package demo-app first", ex);
		}
	}

}
