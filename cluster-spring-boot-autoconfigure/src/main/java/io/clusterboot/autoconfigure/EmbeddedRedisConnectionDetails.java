package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;

import io.clusterboot.protocol.RedisEndpoint;
import io.clusterboot.redis.Lifeline;
import io.clusterboot.redis.RedisExecutable;
import io.clusterboot.state.NoRedisException;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;

/**
 * Where the cluster's Redis listens. Whoever knows keeps it alive until its own end.
 *
 * @param endpoint where it listens
 * @param database which of its databases is used
 * @param lifeline held for as long as this object is there
 */
record EmbeddedRedisConnectionDetails(RedisEndpoint endpoint, int database,
		Lifeline lifeline) implements DataRedisConnectionDetails {

	static EmbeddedRedisConnectionDetails of(WorkerAgent agent, int database) throws IOException {
		Path directory = agent.identity().directory();
		Path executable = RedisExecutable.find(directory);
		if (executable == null) {
			throw new NoRedisException(
					"cluster.redis.mode is 'embedded', and there is no program of a Redis server that runs here.");
		}
		RedisEndpoint endpoint = agent.redis(executable);
		return new EmbeddedRedisConnectionDetails(endpoint, database, Lifeline.hold(directory));
	}

	@Override
	public String getPassword() {
		return this.endpoint.password();
	}

	@Override
	public Standalone getStandalone() {
		return Standalone.of(RedisEndpoint.HOST, this.endpoint.port(), this.database);
	}

}
