package io.clusterboot.it;

import java.io.Closeable;
import java.io.IOException;

import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import redis.embedded.RedisServer;

/**
 * A Redis that clusters share: in a container where a Docker engine runs, else a process.
 *
 * @param host address of the host at which it listens
 * @param port port at which it listens
 * @param server what is to be closed
 */
record SharedRedis(String host, int port, Closeable server) implements Closeable {

	private static final String IMAGE = "redis:7.2-alpine";

	private static final int PORT = 6379;

	static SharedRedis start() throws IOException {
		return DockerClientFactory.instance().isDockerAvailable() ? startContainer() : startProcess();
	}

	private static SharedRedis startContainer() {
		GenericContainer<?> container = new GenericContainer<>(IMAGE)
			.withCommand("redis-server", "--save", "", "--protected-mode", "no")
			.withExposedPorts(PORT)
			.waitingFor(Wait.forLogMessage(".*Ready to accept connections.*\\n", 1));
		container.start();
		return new SharedRedis(container.getHost(), container.getMappedPort(PORT), container::close);
	}

	private static SharedRedis startProcess() throws IOException {
		int port = Ports.free();
		RedisServer server = RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"").build();
		server.start();
		return new SharedRedis("127.0.0.1", port, server::stop);
	}

	@Override
	public void close() throws IOException {
		this.server.close();
	}

}
