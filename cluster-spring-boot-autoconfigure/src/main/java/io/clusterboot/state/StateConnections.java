package io.clusterboot.state;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.resource.ClientResources;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;

/**
 * Connections to the same Redis as the application's, with other manners. The
 * application's may wait for a minute, and repeat what was under way when a connection
 * broke: a counter would count twice.
 */
final class StateConnections {

	/** Time for which a failure to connect is everybody's. */
	private static final Duration SHARED = Duration.ofMillis(100);

	private StateConnections() {
	}

	/**
	 * Connections that fail fast and repeat nothing.
	 * @param other the application's connections
	 * @param timeout longest time to connect, and to wait for an answer
	 * @param reconnect whether a connection that breaks is made again
	 * @return the connections, to be destroyed
	 */
	static LettuceConnectionFactory like(LettuceConnectionFactory other, Duration timeout, boolean reconnect) {
		LettuceConnectionFactory factory = new FirstConnection(other,
				new Impatient(other.getClientConfiguration(), timeout, reconnect));
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	private static RedisConfiguration target(LettuceConnectionFactory factory) {
		RedisConfiguration cluster = factory.getClusterConfiguration();
		if (cluster != null) {
			return cluster;
		}
		RedisConfiguration sentinel = factory.getSentinelConfiguration();
		if (sentinel != null) {
			return sentinel;
		}
		RedisConfiguration socket = factory.getSocketConfiguration();
		return (socket != null) ? socket : factory.getStandaloneConfiguration();
	}

	/**
	 * Connections of which the first is made by one thread. All others wait for it, and
	 * not for their turn to fail as slowly as it does. Once it has been made, it is the
	 * client that makes it again, and refuses commands until then.
	 */
	private static final class FirstConnection extends LettuceConnectionFactory {

		private final LettuceConnectionFactory other;

		private final Duration timeout;

		private final ReentrantLock connecting = new ReentrantLock();

		private volatile boolean made;

		private @Nullable Long failed;

		private FirstConnection(LettuceConnectionFactory other, Impatient client) {
			super(target(other), client);
			this.other = other;
			this.timeout = client.timeout();
		}

		@Override
		protected AbstractRedisClient createClient() {
			return (this.other instanceof SocketConnectionFactory socket) ? socket.client(getClientConfiguration())
					: super.createClient();
		}

		@Override
		public RedisConnection getConnection() {
			return this.made ? super.getConnection() : connect();
		}

		private RedisConnection connect() {
			if (!awaitTurn()) {
				throw new RedisConnectionFailureException("No connection is made in time");
			}
			try {
				if (!this.made && hasJustFailed()) {
					throw new RedisConnectionFailureException("A connection could not be made a moment ago");
				}
				RedisConnection connection = super.getConnection();
				this.made = true;
				return connection;
			}
			catch (RedisConnectionFailureException ex) {
				this.failed = System.nanoTime();
				throw ex;
			}
			finally {
				this.connecting.unlock();
			}
		}

		private boolean awaitTurn() {
			try {
				return this.connecting.tryLock(this.timeout.toMillis(), TimeUnit.MILLISECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return false;
			}
		}

		/**
		 * Those who have waited for a failure share it.
		 */
		private boolean hasJustFailed() {
			Long last = this.failed;
			return last != null && System.nanoTime() - last < SHARED.toNanos();
		}

	}

	/**
	 * Everything that says how to reach Redis, and nothing that says how to wait for it.
	 */
	private record Impatient(LettuceClientConfiguration other, Duration timeout,
			boolean reconnect) implements LettuceClientConfiguration {

		@Override
		public boolean isUseSsl() {
			return this.other.isUseSsl();
		}

		@Override
		@SuppressWarnings("deprecation")
		public boolean isVerifyPeer() {
			return getVerifyMode() != SslVerifyMode.NONE;
		}

		@Override
		public SslVerifyMode getVerifyMode() {
			return this.other.getVerifyMode();
		}

		@Override
		public boolean isStartTls() {
			return this.other.isStartTls();
		}

		@Override
		public Optional<ClientResources> getClientResources() {
			return this.other.getClientResources();
		}

		@Override
		public Optional<ClientOptions> getClientOptions() {
			ClientOptions options = this.other.getClientOptions().orElseGet(ClientOptions::create);
			SocketOptions socket = options.getSocketOptions().mutate().connectTimeout(this.timeout).build();
			return Optional.of(options.mutate()
				.autoReconnect(this.reconnect)
				.disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
				.replayFilter((command) -> true)
				.timeoutOptions(TimeoutOptions.enabled())
				.socketOptions(socket)
				.build());
		}

		@Override
		public Optional<String> getClientName() {
			return this.other.getClientName();
		}

		/**
		 * A replica may not know yet what has been done.
		 */
		@Override
		public Optional<ReadFrom> getReadFrom() {
			return Optional.empty();
		}

		@Override
		public Optional<RedisCredentialsProviderFactory> getRedisCredentialsProviderFactory() {
			return this.other.getRedisCredentialsProviderFactory();
		}

		@Override
		public Duration getCommandTimeout() {
			return this.timeout;
		}

		@Override
		public Duration getShutdownTimeout() {
			return this.other.getShutdownTimeout();
		}

		@Override
		public Duration getShutdownQuietPeriod() {
			return this.other.getShutdownQuietPeriod();
		}

	}

}
