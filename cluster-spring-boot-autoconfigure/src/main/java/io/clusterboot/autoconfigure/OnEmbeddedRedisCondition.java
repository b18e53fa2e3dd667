package io.clusterboot.autoconfigure;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.clusterboot.ClusterProperties;
import io.clusterboot.ClusterProperties.Redis.Mode;
import io.clusterboot.redis.RedisExecutable;
import io.clusterboot.worker.WorkerAgent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.ConfigurationCondition;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.ClassUtils;

/**
 * Matches in a worker that uses the Redis that the cluster runs: the user wants it, or
 * has configured no other, and there are a program to run and a client that can connect
 * to it.
 */
class OnEmbeddedRedisCondition extends SpringBootCondition implements ConfigurationCondition {

	private static final Log logger = LogFactory.getLog(OnEmbeddedRedisCondition.class);

	/** Where a Redis is, as opposed to how it is used. */
	private static final List<String> CONNECTION = List.of("url", "host", "port", "username", "password", "sentinel",
			"cluster", "masterreplica");

	private static final String PREFIX = "spring.data.redis";

	@Override
	public ConfigurationPhase getConfigurationPhase() {
		return ConfigurationPhase.REGISTER_BEAN;
	}

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Redis of the cluster");
		WorkerAgent agent = WorkerAgent.current();
		if (agent == null) {
			return ConditionOutcome.noMatch(message.because("this process is not a worker"));
		}
		Mode mode = mode(context.getEnvironment());
		if (mode != Mode.AUTO) {
			// without a program or a client, the start fails
			return new ConditionOutcome(mode == Mode.EMBEDDED, message.because("cluster.redis.mode is " + mode));
		}
		String configured = configured(context.getEnvironment());
		if (configured != null) {
			return ConditionOutcome.noMatch(message.because(configured + " is set"));
		}
		Path executable = RedisExecutable.find(agent.identity().directory());
		if (executable == null) {
			return ConditionOutcome.noMatch(message.because("there is no program of a Redis server"));
		}
		if (!usesLettuce(context.getEnvironment())) {
			logger.warn("The cluster runs no Redis, which listens on a UNIX socket: the application uses Jedis, "
					+ "with which Spring Boot connects to ports only. Configure a Redis, or use Lettuce");
			return ConditionOutcome.noMatch(message.because("the application does not use Lettuce"));
		}
		return ConditionOutcome.match(message.because("it runs " + executable));
	}

	/**
	 * Whether the client that Spring Boot uses can connect to a UNIX socket.
	 */
	static boolean usesLettuce(Environment environment) {
		return ClassUtils.isPresent("io.lettuce.core.RedisClient", OnEmbeddedRedisCondition.class.getClassLoader())
				&& !"jedis".equalsIgnoreCase(environment.getProperty("spring.data.redis.client-type"));
	}

	static Mode mode(Environment environment) {
		return Binder.get(environment).bindOrCreate("cluster.redis", ClusterProperties.Redis.class).mode();
	}

	/**
	 * The property by which the application configures a Redis.
	 * @return its name, or {@code null} if there is none
	 */
	static @Nullable String configured(Environment environment) {
		Set<String> names = Binder.get(environment)
			.bind(PREFIX, Bindable.mapOf(String.class, Object.class))
			.orElseGet(Map::of)
			.keySet();
		return CONNECTION.stream().filter(names::contains).findFirst().map((name) -> PREFIX + "." + name).orElse(null);
	}

}
