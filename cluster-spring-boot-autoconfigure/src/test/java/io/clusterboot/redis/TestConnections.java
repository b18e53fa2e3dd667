package io.clusterboot.redis;

import java.nio.file.Path;

import io.clusterboot.state.SocketConnectionFactory;
import io.lettuce.core.resource.ClientResources;

import org.springframework.data.redis.connection.RedisSocketConfiguration;
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
		return started(new LettuceConnectionFactory(configuration, client()));
	}

	/**
	 * Connect to one that a cluster runs.
	 * @param socket its UNIX socket
	 * @return the connections, to be destroyed
	 */
	public static LettuceConnectionFactory to(Path socket) {
		return started(new SocketConnectionFactory(new RedisSocketConfiguration(socket.toString()), client()));
	}

	private static LettuceClientConfiguration client() {
		return LettuceClientConfiguration.builder().clientResources(RESOURCES).build();
	}

	private static LettuceConnectionFactory started(LettuceConnectionFactory connections) {
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
