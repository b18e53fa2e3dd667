package io.clusterboot.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

import io.clusterboot.ClusterProperties;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.ParameterizedTypeReference;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.serializer.JacksonJsonRedisSerializer;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.data.redis.support.collections.DefaultRedisMap;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;
import org.springframework.util.backoff.BackOffExecution;

/**
 * {@link SharedState} by means of Spring Data Redis and Spring Integration.
 */
public final class RedisSharedState implements SharedState, AutoCloseable {

	private static final Log logger = LogFactory.getLog(RedisSharedState.class);

	/** To connect, to sign in, to read, and to run a script, which is sent twice. */
	private static final int STEPS = 5;

	private static final RedisScript<Long> NOTHING = RedisScript.of("return 0", Long.class);

	private final StateKeys keys;

	private final ClusterProperties.State settings;

	private final JsonMapper mapper;

	private final boolean masterReplica;

	private final Connections connections;

	private final StateTemplate<String> texts;

	private final Thread preparation;

	private @Nullable SharedLocks locks;

	/**
	 * Create shared state.
	 * @param connections the application's connections. Others like them are made where
	 * that is possible, which it is with Lettuce; else they are used as they are, and
	 * what is said of time and of repetition is as they are configured
	 * @param masterReplica whether they are to one master and its replicas, which are
	 * listed: a connection does not tell where these are
	 * @param mapper writes and reads values
	 * @param name the beginning of all keys
	 * @param settings how long to wait
	 */
	public RedisSharedState(RedisConnectionFactory connections, boolean masterReplica, JsonMapper mapper, String name,
			ClusterProperties.State settings) {
		this.keys = new StateKeys(name);
		this.settings = settings;
		// equal maps are to be equal as JSON
		this.mapper = mapper.rebuild().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();
		this.masterReplica = masterReplica;
		this.connections = !masterReplica
				&& ClassUtils.isPresent("io.lettuce.core.RedisClient", getClass().getClassLoader())
				&& connections instanceof LettuceConnectionFactory lettuce
						? new LettuceConnections(lettuce, settings.timeout()) : new GivenConnections(connections);
		this.texts = template(RedisSerializer.string());
		this.preparation = new Thread(this::prepare, "cluster-state-connect");
		this.preparation.setDaemon(true);
		this.preparation.start();
	}

	/**
	 * The first connection of a process takes long, and so do the first command and the
	 * first script: clients have many classes, and that counts against the time for an
	 * answer. If it fails, somebody else will try.
	 */
	private void prepare() {
		try {
			String key = this.keys.key("value", "io.clusterboot.prepared");
			this.texts.opsForValue().get(key);
			this.texts.execute(NOTHING, List.of(key));
		}
		catch (RuntimeException ex) {
			logger.debug("There is no connection to Redis yet", ex);
		}
	}

	/**
	 * Wait until what takes long the first time has been done, or has failed, but not for
	 * more than five times as long as for an answer.
	 * @throws InterruptedException if the thread is interrupted
	 */
	public void awaitPrepared() throws InterruptedException {
		this.preparation.join(this.settings.timeout().multipliedBy(STEPS).toMillis());
	}

	@Override
	public SharedCounter counter(String name) {
		return new RedisCounter(this.texts, this.keys.key("counter", name), null);
	}

	@Override
	public SharedCounter counter(String name, Duration expiry) {
		return new RedisCounter(this.texts, this.keys.key("counter", name), expiry);
	}

	@Override
	public <T> SharedValue<T> value(String name, Class<T> type) {
		return new RedisValue<>(this.texts, json(type), this.keys.key("value", name));
	}

	@Override
	public <T> SharedValue<T> value(String name, ParameterizedTypeReference<T> type) {
		JavaType javaType = this.mapper.constructType(type.getType());
		return new RedisValue<>(this.texts, new JacksonJsonRedisSerializer<>(this.mapper, javaType),
				this.keys.key("value", name));
	}

	@Override
	public <T> ConcurrentMap<String, T> map(String name, Class<T> type) {
		return new DefaultRedisMap<>(template(json(type)).<String, T>boundHashOps(this.keys.key("map", name)));
	}

	@Override
	public <T> Set<T> set(String name, Class<T> type) {
		return new SharedSet<>(this.keys.key("set", name), template(json(type)));
	}

	@Override
	public <T> BlockingQueue<T> queue(String name, Class<T> type) {
		String key = this.keys.key("queue", name);
		RedisSerializer<T> json = json(type);
		return new RedisQueue<>(template(json).boundListOps(key),
				() -> new StateTemplate<>(this.connections.blocking(), json, this.settings.timeout())
					.boundListOps(key));
	}

	@Override
	public Lock lock(String name) {
		Assert.hasText(name, "'name' must not be empty");
		return locks().lock(name);
	}

	@Override
	public RateLimiter rateLimiter(String name, int permits, Duration window) {
		return new RedisRateLimiter(this.texts, this.keys.key("limit", name), permits, window);
	}

	@Override
	public Candidacy candidate(String role) {
		Assert.hasText(role, "'role' must not be empty");
		return locks().candidate(role);
	}

	/**
	 * A text that others write, too, and that is not to be trusted. It shares its names
	 * with values.
	 * @param name its name
	 * @param most number of bytes that it may have
	 * @return the text
	 */
	public SharedText text(String name, int most) {
		return new SharedText(this.texts, this.keys.key("value", name), most);
	}

	/**
	 * A set of texts as they are, without JSON. It shares its names with sets.
	 * @param name its name
	 * @return the set
	 */
	public Set<String> texts(String name) {
		return new SharedSet<>(this.keys.key("set", name), this.texts);
	}

	/**
	 * Send a message to all who listen at this moment.
	 * @param channel name of the channel
	 * @param message the message
	 * @throws SharedStateException if Redis cannot be reached
	 */
	public void publish(String channel, byte[] message) {
		byte[] key = this.keys.key("channel", channel).getBytes(StandardCharsets.UTF_8);
		this.texts.execute((connection) -> connection.publish(key, message), false, false);
	}

	/**
	 * Listen to a channel. When Redis has been away this goes on; what was sent in the
	 * meantime is lost.
	 * @param channel name of the channel
	 * @param listener gets each message, on one thread of many, and must not block
	 * @return ends it
	 * @throws SharedStateException if Redis cannot be reached, or is one master and its
	 * replicas that are listed
	 */
	public Subscription subscribe(String channel, Consumer<byte[]> listener) {
		if (this.masterReplica) {
			throw new SharedStateException("Spring Data Redis has no subscriptions where a master and its replicas are "
					+ "listed (spring.data.redis.masterreplica): use Redis with Sentinel, a Redis Cluster or one server",
					null);
		}
		RedisMessageListenerContainer container = new RedisMessageListenerContainer();
		container.setConnectionFactory(this.connections.prompt());
		// the order of messages is kept
		container.setTaskExecutor(Runnable::run);
		// for clients that block while they listen, unlike Lettuce
		container.setSubscriptionExecutor(new SimpleAsyncTaskExecutor("cluster-subscription-"));
		container.addMessageListener((message, pattern) -> listener.accept(message.getBody()),
				ChannelTopic.of(this.keys.key("channel", channel)));
		// the first attempt would be repeated on the caller's thread, for as long as
		// Redis is away
		long interval = this.settings.timeout().toMillis();
		AtomicBoolean subscribed = new AtomicBoolean();
		container.setRecoveryBackoff(() -> () -> subscribed.get() ? interval : BackOffExecution.STOP);
		container.setMaxSubscriptionRegistrationWaitingTime(interval);
		container.afterPropertiesSet();
		try {
			StateTemplate.translate(this.settings.timeout(), () -> {
				start(container);
				return null;
			});
			subscribed.set(true);
		}
		catch (SharedStateException ex) {
			close(container);
			throw ex;
		}
		return () -> close(container);
	}

	private static void start(RedisMessageListenerContainer container) {
		try {
			container.start();
		}
		catch (CompletionException | IllegalStateException ex) {
			throw new RedisListenerExecutionFailedException("There is no subscription", ex);
		}
	}

	private static void close(RedisMessageListenerContainer container) {
		try {
			container.destroy();
		}
		catch (Exception ex) {
			logger.debug("A subscription could not be ended", ex);
		}
	}

	private synchronized SharedLocks locks() {
		SharedLocks locks = this.locks;
		if (locks == null) {
			Assert.state(
					ClassUtils.isPresent("org.springframework.integration.redis.util.RedisLockRegistry",
							getClass().getClassLoader()),
					"Locks and elections need org.springframework.integration:spring-integration-redis: "
							+ "add it to the dependencies");
			locks = new SharedLocks(this.connections.prompt(), this.keys, this.settings.lockLease(),
					this.settings.timeout());
			this.locks = locks;
		}
		return locks;
	}

	private <T> RedisSerializer<T> json(Class<T> type) {
		return new JacksonJsonRedisSerializer<>(this.mapper, type);
	}

	private <T> StateTemplate<T> template(RedisSerializer<T> values) {
		return new StateTemplate<>(this.connections.prompt(), values, this.settings.timeout());
	}

	@Override
	public synchronized void close() {
		if (this.locks != null) {
			this.locks.close();
		}
		this.connections.close();
	}

	/**
	 * The connections that are used.
	 */
	private interface Connections {

		/**
		 * For what is answered at once.
		 */
		RedisConnectionFactory prompt();

		/**
		 * For what may be answered later.
		 */
		RedisConnectionFactory blocking();

		void close();

	}

	private record GivenConnections(RedisConnectionFactory prompt) implements Connections {

		@Override
		public RedisConnectionFactory blocking() {
			return this.prompt;
		}

		@Override
		public void close() {
		}

	}

	private static final class LettuceConnections implements Connections {

		private final LettuceConnectionFactory other;

		private final Duration timeout;

		private final LettuceConnectionFactory prompt;

		private @Nullable LettuceConnectionFactory blocking;

		private LettuceConnections(LettuceConnectionFactory other, Duration timeout) {
			this.other = other;
			this.timeout = timeout;
			this.prompt = StateConnections.like(other, timeout, true);
		}

		@Override
		public RedisConnectionFactory prompt() {
			return this.prompt;
		}

		@Override
		public synchronized RedisConnectionFactory blocking() {
			LettuceConnectionFactory blocking = this.blocking;
			if (blocking == null) {
				blocking = StateConnections.like(this.other, this.timeout.plus(RedisQueue.SLICE), false);
				this.blocking = blocking;
			}
			return blocking;
		}

		@Override
		public synchronized void close() {
			if (this.blocking != null) {
				this.blocking.destroy();
			}
			this.prompt.destroy();
		}

	}

}
