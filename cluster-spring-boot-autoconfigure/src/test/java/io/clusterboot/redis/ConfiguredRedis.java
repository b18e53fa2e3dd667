package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A Redis server for tests that is configured at will, as one that an application's
 * operator runs: unlike {@link TestRedis} it is none that a cluster would run.
 */
public final class ConfiguredRedis implements AutoCloseable {

	static final String HOST = "127.0.0.1";

	private static final Duration LIMIT = Duration.ofMinutes(3);

	/** A node of a Redis Cluster listens at another port too, this number higher. */
	private static final int BUS = 10_000;

	private static final int LEAST = 10_000;

	private static final int LEAST_EPHEMERAL = 32_768;

	private final Process process;

	private final int port;

	private ConfiguredRedis(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Start a server and wait until it accepts connections.
	 * @param directory an empty directory of its own
	 * @param port a port from {@link #freePort()} that the configuration names
	 * @param configuration lines of its configuration
	 * @return the server
	 */
	public static ConfiguredRedis start(Path directory, int port, List<String> configuration) {
		return start(directory, port, configuration, List.of());
	}

	/**
	 * Start a Sentinel and wait until it accepts connections.
	 * @param directory an empty directory of its own
	 * @param port a port from {@link #freePort()}
	 * @param configuration lines of its configuration
	 * @return the Sentinel
	 */
	public static ConfiguredRedis sentinel(Path directory, int port, List<String> configuration) {
		List<String> lines = new ArrayList<>(configuration);
		lines.add("port " + port);
		return start(directory, port, lines, List.of("--sentinel"));
	}

	private static ConfiguredRedis start(Path directory, int port, List<String> configuration, List<String> options) {
		try {
			Files.createDirectories(directory);
			List<String> lines = new ArrayList<>(configuration);
			lines.addAll(List.of("bind " + HOST, "dir \"" + directory + '"'));
			Path file = Files.write(directory.resolve("redis.conf"), lines, StandardOpenOption.CREATE_NEW);
			List<String> command = new ArrayList<>();
			command.add(TestRedis.program(directory).toString());
			command.add(file.toString());
			command.addAll(options);
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(directory.resolve("redis.log").toFile())
				.start();
			ConfiguredRedis redis = new ConfiguredRedis(process, port);
			await().atMost(LIMIT)
				.failFast(() -> assertThat(process.isAlive()).as(() -> log(directory)).isTrue())
				.until(redis::accepts);
			return redis;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String log(Path directory) {
		try {
			return Files.readString(directory.resolve("redis.log"));
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	private boolean accepts() {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress(HOST, this.port), 1000);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * A port at which a server can listen, be it the node of a Redis Cluster. The kernel
	 * gives it to no connection: a client that looks for a server there while it is away
	 * could else be connected to itself.
	 * @return the port
	 */
	public static int freePort() {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(LEAST, LEAST_EPHEMERAL - BUS);
			if (isFree(port) && isFree(port + BUS)) {
				return port;
			}
		}
	}

	private static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(HOST))) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * The port at which it listens.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
		try {
			if (!this.process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new IllegalStateException("%s does not end".formatted(this.process));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
