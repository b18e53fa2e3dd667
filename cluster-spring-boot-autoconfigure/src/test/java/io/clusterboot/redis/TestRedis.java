package io.clusterboot.redis;

import java.nio.file.Path;
import java.time.Duration;

import org.testcontainers.DockerClientFactory;

import static org.junit.jupiter.api.Assumptions.abort;

/**
 * A real Redis for tests: in a container where a Docker engine runs, else one like those
 * that clusters run.
 */
public abstract class TestRedis implements AutoCloseable {

	/**
	 * Start it.
	 * @param backOff time after which it is started again when it ends
	 * @return the Redis
	 */
	public static TestRedis start(Duration backOff) {
		return DockerClientFactory.instance().isDockerAvailable() ? new TestRedisContainer(backOff)
				: new TestRedisProcess(backOff);
	}

	/**
	 * The program that is to be run, or else the end of a test that needs it.
	 * @param directory where it may be put
	 * @return the program
	 */
	static Path program(Path directory) {
		Path program = RedisExecutable.find(directory);
		return (program != null) ? program : abort("There is no Redis for this operating system");
	}

	/**
	 * Where it listens, which a restart does not change.
	 * @return address of the host
	 */
	public abstract String host();

	/**
	 * Where it listens, which a restart does not change.
	 * @return the port
	 */
	public abstract int port();

	/**
	 * What its only user has to say.
	 * @return the password
	 */
	public abstract String password();

	/**
	 * Kill it, with all that it knows.
	 */
	public abstract void kill();

	@Override
	public abstract void close();

}
