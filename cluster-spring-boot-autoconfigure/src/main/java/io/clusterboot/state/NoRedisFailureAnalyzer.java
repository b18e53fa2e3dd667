package io.clusterboot.state;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do about a {@link NoRedisException}.
 */
class NoRedisFailureAnalyzer extends AbstractFailureAnalyzer<NoRedisException> {

	private static final String ACTION = """
			With org.springframework.boot:spring-boot-starter-data-redis among the dependencies, do one of these:

			- configure a Redis that runs, as with spring.data.redis.host or spring.data.redis.url;
			- add com.github.codemonstur:embedded-redis, with scope runtime: it has programs for Linux and macOS, of which the cluster runs one;
			- install redis-server or valkey-server, so that the cluster finds it on the PATH.

			The last two need Lettuce, which comes with the starter.

			cluster.redis.mode has to be 'auto', or fit: 'external' for the first, 'embedded' for the others.""";

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, NoRedisException cause) {
		return new FailureAnalysis("There is no Redis for what workers share: " + cause.getMessage(), ACTION, cause);
	}

}
