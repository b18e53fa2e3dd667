package io.clusterboot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.RedisEndpoint;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.unit.DataSize;

/**
 * A real Redis for tests.
 */
public final class TestRedis implements AutoCloseable {

	private final Path directory;

	private final RedisServer server;

	private final RedisEndpoint endpoint;

	/**
	 * Start it.
	 * @param backOff time after which it is started again when it ends
	 */
	public TestRedis(Duration backOff) {
		try {
			this.directory = Files.createTempDirectory("test-redis-");
			this.server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
					(failures) -> backOff, this.directory);
			this.endpoint = this.server.provide(Objects.requireNonNull(RedisExecutable.find(this.directory))).join();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * How to reach it.
	 * @return the configuration
	 */
	public RedisStandaloneConfiguration configuration() {
		RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(RedisEndpoint.HOST,
				this.endpoint.port());
		configuration.setPassword(this.endpoint.password());
		return configuration;
	}

	/**
	 * Connections as an application has them.
	 * @return the connections, to be destroyed
	 */
	public LettuceConnectionFactory connections() {
		LettuceConnectionFactory connections = new LettuceConnectionFactory(configuration());
		connections.afterPropertiesSet();
		connections.start();
		return connections;
	}

	/**
	 * The server's process.
	 * @return the process
	 */
	public ProcessHandle process() {
		return ProcessHandle.of(Objects.requireNonNull(Objects.requireNonNull(this.server.describe()).pid()))
			.orElseThrow();
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
