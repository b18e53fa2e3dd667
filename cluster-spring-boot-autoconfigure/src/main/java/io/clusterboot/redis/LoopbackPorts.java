package io.clusterboot.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

import io.clusterboot.protocol.RedisEndpoint;

/**
 * Ports that no outgoing connection is given. A client that looks for a server there
 * while it is gone could else be given that very port, and would be connected to itself.
 */
final class LoopbackPorts {

	private static final int LEAST = 10_000;

	private static final int LEAST_EPHEMERAL = 32_768;

	private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

	private LoopbackPorts() {
	}

	static int free() throws IOException {
		int bound = Math.max(LEAST + 1_000, leastEphemeral());
		for (int attempt = 0; attempt < 100; attempt++) {
			int port = ThreadLocalRandom.current().nextInt(LEAST, bound);
			if (isFree(port)) {
				return port;
			}
		}
		throw new IOException("No port from %d to %d is free".formatted(LEAST, bound - 1));
	}

	private static int leastEphemeral() {
		try {
			return Integer.parseInt(Files.readString(RANGE).trim().split("\\s+")[0]);
		}
		catch (IOException | NumberFormatException ex) {
			return LEAST_EPHEMERAL;
		}
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(RedisEndpoint.HOST))) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

}
