package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * TCP ports of this machine.
 */
final class Ports {

	private static final int LEAST = 20_000;

	private static final int LEAST_EPHEMERAL = 32_768;

	private Ports() {
	}

	/**
	 * A port that nobody listens on at the moment.
	 */
	static int free() {
		return free(1);
	}

	/**
	 * The first of a number of neighbouring ports that nobody listens on. The kernel
	 * gives none of them to a connection in the meantime.
	 */
	static int free(int count) {
		while (true) {
			int first = ThreadLocalRandom.current().nextInt(LEAST, LEAST_EPHEMERAL - count);
			if (IntStream.range(first, first + count).allMatch(Ports::isFree)) {
				return first;
			}
		}
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Whether any process listens on a port. Read from the kernel's table: no connection
	 * is made, so nobody has to accept one.
	 */
	static boolean isListening(int port) {
		String suffix = ":%04X".formatted(port);
		for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
			try (Stream<String> lines = Files.lines(Path.of(table))) {
				if (lines.map((line) -> line.trim().split("\\s+"))
					.anyMatch((fields) -> fields[1].endsWith(suffix) && "0A".equals(fields[3]))) {
					return true;
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		return false;
	}

}
