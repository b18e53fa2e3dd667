package io.clusterboot.advice;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

import org.springframework.messaging.simp.broker.SimpleBrokerMessageHandler;

/**
 * Spring's own STOMP broker, which knows no subscribers but its worker's.
 */
public final class StompBrokerAdvisor implements Advisor {

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public StompBrokerAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.STOMP_BROKER;
	}

	@Override
	public @Nullable String advise() {
		return this.beans.ofType(SimpleBrokerMessageHandler.class).isEmpty() ? null
				: "the simple STOMP broker reaches only those who subscribed at the same worker. Use"
						+ " enableStompBrokerRelay with a broker of its own, or pass messages on with ClusterMessaging";
	}

}
