package io.clusterboot.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Puts options that are too long for Linux's command line into argument files of their
 * own. A class path that came in an argument file may be that long. The files live as
 * long as this process.
 */
final class LongOptions {

	/**
	 * {@code MAX_ARG_STRLEN} less the final zero.
	 */
	private static final int MAX_LENGTH = 128 * 1024 - 1;

	private final Map<String, Path> files = new ConcurrentHashMap<>();

	/**
	 * The options as a launcher takes them.
	 * @param options options in which no argument files are left
	 * @return the same options, of which long ones are in files
	 * @throws UncheckedIOException if a file cannot be written
	 */
	List<String> shorten(List<String> options) {
		return options.stream().map(this::shorten).toList();
	}

	private String shorten(String option) {
		if (option.getBytes(ThisProcess.CHARSET).length <= MAX_LENGTH) {
			return JavaArguments.escape(option);
		}
		return "@" + this.files.computeIfAbsent(option, LongOptions::write);
	}

	private static Path write(String option) {
		try {
			Path file = Files.createTempFile("clusterboot-", ".args");
			file.toFile().deleteOnExit();
			return Files.write(file, ArgumentFile.quote(option).getBytes(ThisProcess.CHARSET));
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot write an argument file for workers", ex);
		}
	}

}
