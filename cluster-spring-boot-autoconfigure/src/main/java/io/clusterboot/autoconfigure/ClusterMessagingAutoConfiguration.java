package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.messaging.ExchangeClusterMessaging;
import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.messaging.MessageListenerRegistrar;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.messaging.MessagingMetrics;
import io.clusterboot.messaging.Payloads;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.worker.WorkerAgent;
import io.micrometer.core.instrument.MeterRegistry;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * {@link AutoConfiguration Auto-configuration} for messages between the workers of a
 * cluster.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class,
		afterName = "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration")
@ConditionalOnWorker
public final class ClusterMessagingAutoConfiguration {

	@Bean
	Payloads clusterPayloads(ObjectProvider<JsonMapper> mapper, ClusterProperties properties) {
		return new Payloads(mapper.getIfAvailable(() -> JsonMapper.builder().build()),
				properties.messaging().maxMessageSize().toBytes());
	}

	@Bean(destroyMethod = "")
	MessageExchange clusterMessageExchange(WorkerAgent agent, ClusterProperties properties) {
		MessageExchange exchange = new MessageExchange(agent.identity().id(), properties.messaging(), agent::post);
		agent.correspond(exchange);
		return exchange;
	}

	@Bean
	MessageListeners clusterMessageListeners(Payloads payloads, MessageExchange exchange) {
		MessageListeners listeners = new MessageListeners(payloads);
		exchange.handle(Channel.MESSAGE, listeners);
		return listeners;
	}

	@Bean
	MessageListenerRegistrar clusterMessageListenerRegistrar(ConfigurableListableBeanFactory beanFactory,
			MessageListeners listeners) {
		return new MessageListenerRegistrar(beanFactory, listeners);
	}

	@Bean
	@ConditionalOnMissingBean
	ClusterMessaging clusterMessaging(MessageExchange exchange, Payloads payloads) {
		return new ExchangeClusterMessaging(exchange, payloads);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MeterRegistry.class)
	static class MetricsConfiguration {

		@Bean
		@ConditionalOnMissingBean
		MessagingMetrics clusterMessagingMetrics(MessageExchange exchange) {
			return new MessagingMetrics(exchange);
		}

	}

}
