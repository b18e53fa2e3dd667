package io.clusterboot.autoconfigure;

import io.clusterboot.state.NoRedisException;
import io.clusterboot.state.SocketConnectionFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.data.redis.connection.RedisSocketConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Leads connections to the cluster's Redis to its UNIX socket. All that Spring Boot and
 * the application have configured about them stays as it is.
 */
final class EmbeddedRedisConnections implements BeanPostProcessor, PriorityOrdered {

	private final ObjectProvider<EmbeddedRedisConnectionDetails> details;

	EmbeddedRedisConnections(ObjectProvider<EmbeddedRedisConnectionDetails> details) {
		this.details = details;
	}

	/**
	 * Before others that may want to change something about the connections.
	 */
	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String beanName) {
		if (bean instanceof LettuceConnectionFactory factory
				&& factory.getHostName().equals(EmbeddedRedisConnectionDetails.HOST)) {
			if (factory.getClientConfiguration().getReadFrom().isPresent()) {
				// else the first connection would fail for want of a host
				throw new NoRedisException("spring.data.redis.lettuce.read-from is set, "
						+ "and the Redis that the cluster runs has no replica. Remove the property.");
			}
			EmbeddedRedisConnectionDetails details = this.details.getObject();
			RedisSocketConfiguration socket = new RedisSocketConfiguration(details.socket().toString());
			socket.setDatabase(factory.getDatabase());
			return new SocketConnectionFactory(socket, factory.getClientConfiguration());
		}
		return bean;
	}

}
