package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;

import io.clusterboot.redis.Lifeline;
import io.clusterboot.redis.RedisExecutable;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.core.env.Environment;

/**
 * Where the cluster's Redis listens. Whoever knows keeps it alive until its own end.
 * <p>
 * Spring Boot has no details for UNIX sockets, so this says a host that cannot exist:
 * {@link EmbeddedRedisConnections} knows what to do with it, and whoever else tries to
 * connect to it fails, instead of talking to somebody else.
 *
 * @param socket its UNIX socket
 * @param database which of its databases is used
 * @param lifeline held for as long as this object is there
 */
record EmbeddedRedisConnectionDetails(Path socket, int database,
		Lifeline lifeline) implements DataRedisConnectionDetails {

	/** No name ever ends in this. */
	static final String HOST = "redis-of-this-cluster.invalid";

	static EmbeddedRedisConnectionDetails of(WorkerAgent agent, Environment environment) throws IOException {
		if (!OnEmbeddedRedisCondition.usesLettuce(environment)) {
			throw new NoRedisException("cluster.redis.mode is 'embedded', and the application uses Jedis. "
					+ "The cluster's Redis listens on a UNIX socket, to which Spring Boot connects with Lettuce only.");
		}
		Path directory = agent.identity().directory();
		Path executable = RedisExecutable.find(directory);
		if (executable == null) {
			throw new NoRedisException(
					"cluster.redis.mode is 'embedded', and there is no program of a Redis server that runs here.");
		}
		Path socket = agent.redis(executable);
		return new EmbeddedRedisConnectionDetails(socket,
				environment.getProperty("spring.data.redis.database", Integer.class, 0), Lifeline.hold(directory));
	}

	@Override
	public Standalone getStandalone() {
		return Standalone.of(HOST, 1, this.database);
	}

}
