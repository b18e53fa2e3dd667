package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.springframework.util.FileSystemUtils;

/**
 * A Redis as a process.
 */
final class TestRedisProcess extends TestRedis {

	private static final String PASSWORD = "changeit";

	private final Duration backOff;

	private final Path directory;

	private final int port = ConfiguredRedis.freePort();

	private ConfiguredRedis server;

	private int starts;

	private boolean closed;

	TestRedisProcess(Duration backOff) {
		this.backOff = backOff;
		try {
			this.directory = Files.createTempDirectory("test-redis-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server = start();
	}

	private ConfiguredRedis start() {
		return ConfiguredRedis.start(this.directory.resolve(Integer.toString(this.starts++)), this.port,
				List.of("port " + this.port, "requirepass " + PASSWORD, "save \"\""));
	}

	@Override
	public String host() {
		return ConfiguredRedis.HOST;
	}

	@Override
	public int port() {
		return this.port;
	}

	@Override
	public String password() {
		return PASSWORD;
	}

	@Override
	public synchronized void kill() {
		this.server.close();
		CompletableFuture.delayedExecutor(this.backOff.toMillis(), TimeUnit.MILLISECONDS).execute(this::startAgain);
	}

	private synchronized void startAgain() {
		if (!this.closed) {
			this.server = start();
		}
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		this.server.close();
		try {
			FileSystemUtils.deleteRecursively(this.directory);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
