package io.clusterboot.autoconfigure;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.clusterboot.ClusterProperties;
import io.clusterboot.ClusterProperties.Redis.Mode;
import io.clusterboot.redis.RedisExecutable;
import io.clusterboot.worker.WorkerAgent;
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

/**
 * Matches in a worker that uses the Redis that the cluster runs: the user wants it, or
 * has configured no other, and there is a program to run.
 */
class OnEmbeddedRedisCondition extends SpringBootCondition implements ConfigurationCondition {

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
			// without a program, the start fails
			return new ConditionOutcome(mode == Mode.EMBEDDED, message.because("cluster.redis.mode is " + mode));
		}
		String configured = configured(context.getEnvironment());
		if (configured != null) {
			return ConditionOutcome.noMatch(message.because(configured + " is set"));
		}
		Path executable = RedisExecutable.find(agent.identity().directory());
		return (executable != null) ? ConditionOutcome.match(message.because("it runs " + executable))
				: ConditionOutcome.noMatch(message.because("there is no program of a Redis server"));
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
