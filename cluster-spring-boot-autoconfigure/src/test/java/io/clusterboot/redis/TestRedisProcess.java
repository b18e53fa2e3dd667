package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.RedisEndpoint;

import org.springframework.util.FileSystemUtils;
import org.springframework.util.unit.DataSize;

import static org.awaitility.Awaitility.await;

/**
 * A Redis as a cluster runs it.
 */
final class TestRedisProcess extends TestRedis {

	private final Path directory;

	private final RedisServer server;

	private final RedisEndpoint endpoint;

	TestRedisProcess(Duration backOff) {
		try {
			this.directory = Files.createTempDirectory("test-redis-");
			this.server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
					(failures) -> backOff, this.directory);
			this.endpoint = this.server.provide(program(this.directory)).join();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public String host() {
		return RedisEndpoint.HOST;
	}

	@Override
	public int port() {
		return this.endpoint.port();
	}

	@Override
	public String password() {
		return this.endpoint.password();
	}

	@Override
	public void kill() {
		// clients may be connected to one that has only just been started before its pid
		// is known
		Long pid = await().until(() -> Objects.requireNonNull(this.server.describe()).pid(), Objects::nonNull);
		ProcessHandle.of(pid).orElseThrow().destroyForcibly();
	}

	@Override
	public void close() {
		this.server.close();
		try {
			FileSystemUtils.deleteRecursively(this.directory);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
