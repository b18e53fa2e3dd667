package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A listening socket, as Linux shows it.
 */
final class ListeningSocket {

	private static final String LISTEN = "0A";

	private ListeningSocket() {
	}

	/**
	 * The number of connections that nobody has accepted yet.
	 * @param port where clients have connected
	 */
	static int queued(int port) {
		return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
			.flatMap((table) -> lines(table).stream())
			.map((line) -> line.trim().split("\\s+"))
			.filter((fields) -> fields[1].endsWith(":%04X".formatted(port)) && fields[3].equals(LISTEN))
			.mapToInt((fields) -> Integer.parseInt(fields[4].substring(fields[4].indexOf(':') + 1), 16))
			.sum();
	}

	private static List<String> lines(String table) {
		try {
			return Files.readAllLines(Path.of(table));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
