package io.clusterboot.redis;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.github.dockerjava.api.model.PortBinding;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A Redis in a container, which Testcontainers runs.
 */
final class TestRedisContainer extends TestRedis {

	private static final String IMAGE = "redis:7.2-alpine";

	private static final int PORT = 6379;

	private static final String PASSWORD = "changeit";

	private final Duration backOff;

	/** Where the engine's ports are: this machine, unless this is a container itself. */
	private final String host = address(DockerClientFactory.instance().dockerHostIpAddress());

	/** The engine would choose another one with each start. */
	private final int port = ConfiguredRedis.freePort();

	private final GenericContainer<?> container;

	TestRedisContainer(Duration backOff) {
		this.backOff = backOff;
		this.container = new GenericContainer<>(IMAGE)
			.withCommand("redis-server", "--save", "", "--requirepass", PASSWORD)
			.withExposedPorts(PORT)
			.waitingFor(Wait.forLogMessage(".*Ready to accept connections.*\\n", 1))
			.withCreateContainerCmdModifier((command) -> Objects.requireNonNull(command.getHostConfig())
				.withPortBindings(PortBinding.parse("%s:%d:%d".formatted(this.host, this.port, PORT))));
		this.container.start();
	}

	private static String address(String host) {
		try {
			return InetAddress.getByName(host).getHostAddress();
		}
		catch (UnknownHostException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public String host() {
		return this.host;
	}

	@Override
	public int port() {
		return this.port;
	}

	@Override
	public String password() {
		return PASSWORD;
	}

	/**
	 * The engine itself restarts none that was killed on purpose.
	 */
	@Override
	public void kill() {
		String id = this.container.getContainerId();
		this.container.getDockerClient().killContainerCmd(id).exec();
		CompletableFuture.delayedExecutor(this.backOff.toMillis(), TimeUnit.MILLISECONDS)
			.execute(() -> this.container.getDockerClient().startContainerCmd(id).exec());
	}

	@Override
	public void close() {
		this.container.close();
	}

}
