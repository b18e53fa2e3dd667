package io.clusterboot.redis;

import io.lettuce.core.resource.ClientResources;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Connections to a {@link TestRedis}, as an application has them.
 */
public final class TestConnections {

	/**
	 * As Spring Boot has them: one for all, whose end is not waited for with each
	 * connection.
	 */
	private static final ClientResources RESOURCES = ClientResources.create();

	private TestConnections() {
	}

	/**
	 * Connect.
	 * @param redis the Redis
	 * @return the connections, to be destroyed
	 */
	public static LettuceConnectionFactory to(TestRedis redis) {
		RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(redis.host(), redis.port());
		configuration.setPassword(redis.password());
		LettuceConnectionFactory connections = new LettuceConnectionFactory(configuration,
				LettuceClientConfiguration.builder().clientResources(RESOURCES).build());
		connections.afterPropertiesSet();
		connections.start();
		return connections;
	}

	/**
	 * What an application is to be configured with.
	 * @param redis the Redis
	 * @return properties of Spring Boot's
	 */
	public static String[] properties(TestRedis redis) {
		return new String[] { "spring.data.redis.host=" + redis.host(), "spring.data.redis.port=" + redis.port(),
				"spring.data.redis.password=" + redis.password() };
	}

}
