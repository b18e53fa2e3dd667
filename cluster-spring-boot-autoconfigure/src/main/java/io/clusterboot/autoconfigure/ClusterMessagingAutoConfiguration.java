package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.BeanMethods;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.messaging.ExchangeClusterMessaging;
import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.messaging.MessagingMetrics;
import io.clusterboot.messaging.OtherNodes;
import io.clusterboot.messaging.Payloads;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.task.ClusterTask;
import io.clusterboot.task.ClusterTaskExecutor;
import io.clusterboot.task.PooledClusterTaskExecutor;
import io.clusterboot.task.TaskRunner;
import io.clusterboot.task.Tasks;
import io.clusterboot.worker.WorkerAgent;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/**
 * {@link AutoConfiguration Auto-configuration} for messages between the workers of a
 * cluster, and for the worker pool. An application that does not run as a cluster gets
 * the same beans, as if it were a worker that is alone; they are created when it uses
 * them.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class,
		afterName = "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration")
@Lazy
public final class ClusterMessagingAutoConfiguration {

	@Bean
	Payloads clusterPayloads(ObjectProvider<JsonMapper> mapper, Environment environment) {
		return new Payloads(mapper.getIfAvailable(() -> JsonMapper.builder().build()),
				properties(environment).messaging().maxMessageSize().toBytes());
	}

	@Bean
	MessageListeners clusterMessageListeners(Payloads payloads, ConfigurableListableBeanFactory beanFactory) {
		return new MessageListeners(payloads, new BeanMethods<>(beanFactory, ClusterMessageListener.class));
	}

	@Bean
	Tasks clusterTasks(ConfigurableListableBeanFactory beanFactory) {
		return new Tasks(new BeanMethods<>(beanFactory, ClusterTask.class));
	}

	@Bean
	MessageExchange clusterMessageExchange(ObjectProvider<WorkerAgent> agent, MessageListeners listeners, Tasks tasks,
			Payloads payloads, Environment environment) {
		MessageExchange exchange = exchange(agent.getIfAvailable(), properties(environment).messaging());
		exchange.handle(Channel.MESSAGE, listeners);
		exchange.handle(Channel.TASK, new TaskRunner(tasks, payloads, properties(environment).tasks().parallelism()));
		return exchange;
	}

	/**
	 * Not a bean: where there is no cluster nobody looks at its configuration in vain.
	 */
	private static ClusterProperties properties(Environment environment) {
		return Binder.get(environment).bindOrCreate("cluster", ClusterProperties.class);
	}

	private static MessageExchange exchange(@Nullable WorkerAgent agent, ClusterProperties.Messaging settings) {
		if (agent == null) {
			return MessageExchange.alone(settings);
		}
		MessageExchange exchange = new MessageExchange(agent.identity().id(), settings, agent::post);
		agent.correspond(exchange);
		return exchange;
	}

	@Bean
	@ConditionalOnMissingBean
	ClusterMessaging clusterMessaging(MessageExchange exchange, Payloads payloads,
			ObjectProvider<OtherNodes> otherNodes) {
		return new ExchangeClusterMessaging(exchange, payloads, otherNodes::getIfAvailable);
	}

	@Bean
	@ConditionalOnMissingBean
	ClusterTaskExecutor clusterTaskExecutor(MessageExchange exchange, Payloads payloads, Tasks tasks,
			Environment environment) {
		return new PooledClusterTaskExecutor(exchange, payloads, tasks, properties(environment).tasks().timeout());
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWorker
	@Lazy(false)
	static class WorkerConfiguration {

		/**
		 * Others may send before this worker does. Mistakes end the start.
		 */
		@Bean
		SmartInitializingSingleton clusterMessagingStarter(ObjectProvider<MessageExchange> exchange,
				ObjectProvider<MessageListeners> listeners, ObjectProvider<Tasks> tasks) {
			return () -> {
				exchange.getObject();
				listeners.getObject().find();
				tasks.getObject().find();
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWorker
	@ConditionalOnClass(MeterRegistry.class)
	@Lazy(false)
	static class MetricsConfiguration {

		@Bean
		@ConditionalOnMissingBean
		MessagingMetrics clusterMessagingMetrics(MessageExchange exchange) {
			return new MessagingMetrics(exchange);
		}

	}

}
