package io.clusterboot.autoconfigure;

import java.util.Arrays;
import java.util.Objects;

import io.clusterboot.ClusterProperties.Redis.Mode;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.ConfigurationCondition;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Matches if there is a Redis for what workers share. Where nothing is configured, Spring
 * Boot assumes that there is one at its usual port; in a cluster, one that nobody has
 * asked for is not used.
 */
class OnRedisCondition extends SpringBootCondition implements ConfigurationCondition {

	private static final String BOOT = "org.springframework.boot.";

	@Override
	public ConfigurationPhase getConfigurationPhase() {
		return ConfigurationPhase.REGISTER_BEAN;
	}

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Redis for shared state");
		Mode mode = OnEmbeddedRedisCondition.mode(context.getEnvironment());
		if (mode == Mode.OFF) {
			return ConditionOutcome.noMatch(message.because("cluster.redis.mode is 'off'"));
		}
		boolean assumed = mode == Mode.AUTO && WorkerAgent.current() != null
				&& OnEmbeddedRedisCondition.configured(context.getEnvironment()) == null
				&& isBoots(Objects.requireNonNull(context.getBeanFactory()));
		return new ConditionOutcome(!assumed,
				message.because(assumed ? "none is configured, and the cluster runs none" : "there is one"));
	}

	/**
	 * Whether neither the application nor the cluster has a bean that says where Redis
	 * is.
	 */
	private static boolean isBoots(ConfigurableListableBeanFactory beanFactory) {
		return isBoots("redisConnectionDetails", beanFactory)
				&& Arrays.stream(beanFactory.getBeanNamesForType(RedisConnectionFactory.class, true, false))
					.allMatch((name) -> isBoots(name, beanFactory));
	}

	private static boolean isBoots(String name, ConfigurableListableBeanFactory beanFactory) {
		return beanFactory.containsBeanDefinition(name)
				&& Objects.requireNonNullElse(beanFactory.getMergedBeanDefinition(name).getFactoryBeanName(), "")
					.startsWith(BOOT);
	}

}
