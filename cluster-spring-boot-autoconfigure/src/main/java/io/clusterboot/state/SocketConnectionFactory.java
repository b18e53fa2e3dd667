package io.clusterboot.state;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;

import org.springframework.data.redis.connection.RedisSocketConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Lettuce's connections to the UNIX socket of a Redis that wants no password. They need
 * no native library.
 */
public class SocketConnectionFactory extends LettuceConnectionFactory {

	private final RedisSocketConfiguration socket;

	/**
	 * Create a factory.
	 * @param socket where Redis listens
	 * @param client how it is used
	 */
	public SocketConnectionFactory(RedisSocketConfiguration socket, LettuceClientConfiguration client) {
		super(socket, client);
		this.socket = socket;
	}

	@Override
	protected AbstractRedisClient createClient() {
		return client(getClientConfiguration());
	}

	/**
	 * Create a client of the same Redis.
	 * @param configuration how it is used
	 * @return the client
	 */
	RedisClient client(LettuceClientConfiguration configuration) {
		RedisURI.Builder uri = RedisURI.Builder.socket(this.socket.getSocket())
			.withDatabase(this.socket.getDatabase())
			.withTimeout(configuration.getCommandTimeout());
		configuration.getClientName().ifPresent(uri::withClientName);
		RedisClient client = new DomainSocketClient(configuration.getClientResources().orElse(null), uri.build());
		configuration.getClientOptions().ifPresent(client::setOptions);
		return client;
	}

}
