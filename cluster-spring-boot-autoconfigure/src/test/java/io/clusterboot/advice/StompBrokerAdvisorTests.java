package io.clusterboot.advice;

import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.web.socket.config.annotation.DelegatingWebSocketMessageBrokerConfiguration;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StompBrokerAdvisor}.
 */
class StompBrokerAdvisorTests {

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner().withBean(ExistingBeans.class)
		.withBean(StompBrokerAdvisor.class);

	@Test
	void simpleBroker() {
		this.runner.withUserConfiguration(SimpleBroker.class)
			.run((context) -> assertThat(context.getBean(StompBrokerAdvisor.class).advise())
				.contains("enableStompBrokerRelay"));
	}

	@Test
	void relayToABroker() {
		this.runner.withUserConfiguration(Relay.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.getBean(StompBrokerAdvisor.class)
				.extracting(StompBrokerAdvisor::advise)
				.isNull());
	}

	@Test
	void noBroker() {
		this.runner.run((context) -> assertThat(context.getBean(StompBrokerAdvisor.class).advise()).isNull());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocketMessageBroker
	static class SimpleBroker implements WebSocketMessageBrokerConfigurer {

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.addEndpoint("/stomp");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Relay extends DelegatingWebSocketMessageBrokerConfiguration {

		@Override
		protected void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.addEndpoint("/stomp");
		}

		@Override
		protected void configureMessageBroker(MessageBrokerRegistry registry) {
			registry.enableStompBrokerRelay("/topic").setRelayHost("127.0.0.1").setRelayPort(1);
		}

	}

}
