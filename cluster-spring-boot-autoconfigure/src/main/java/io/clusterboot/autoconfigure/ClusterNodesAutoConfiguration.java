package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.node.NodeIdentity;
import io.clusterboot.node.NodeMessages;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.util.ClassUtils;

/**
 * {@link AutoConfiguration Auto-configuration} for clusters of one application on several
 * machines. The Redis that a cluster runs for itself is for no other one.
 */
@AutoConfiguration(after = { SharedStateAutoConfiguration.class, ClusterMessagingAutoConfiguration.class },
		before = ClusterEndpointAutoConfiguration.class)
@ConditionalOnWorker
@ConditionalOnClass(DataRedisConnectionDetails.class)
@ConditionalOnBooleanProperty(name = "cluster.nodes.enabled", matchIfMissing = true)
@ConditionalOnBean(RedisSharedState.class)
@ConditionalOnMissingBean(EmbeddedRedisConnectionDetails.class)
public final class ClusterNodesAutoConfiguration {

	private static final boolean ACTUATOR = ClassUtils.isPresent(
			"org.springframework.boot.actuate.endpoint.EndpointAccessResolver",
			ClusterNodesAutoConfiguration.class.getClassLoader());

	@Bean
	NodeMessages clusterNodeMessages(WorkerAgent agent, RedisSharedState state, MessageListeners listeners,
			ClusterProperties properties) {
		return new NodeMessages(NodeIdentity.of(agent.identity()), state, listeners,
				properties.messaging().maxMessageSize());
	}

	@Bean
	ClusterNodes clusterNodes(WorkerAgent agent, RedisSharedState state, NodeMessages messages,
			ClusterProperties properties, BeanFactory beans) {
		return new ClusterNodes(NodeIdentity.of(agent.identity()), agent, state, messages,
				properties.nodes().heartbeat(), acceptsCommands(properties.nodes(), beans));
	}

	/**
	 * What may not be done over HTTP is not done for others who can write to Redis.
	 */
	static boolean acceptsCommands(ClusterProperties.Nodes properties, BeanFactory beans) {
		Boolean configured = properties.acceptCommands();
		return (configured != null) ? configured : ACTUATOR && EndpointAccess.isUnrestricted(beans);
	}

	/**
	 * A class of its own, since applications need not have the actuator.
	 */
	private static final class EndpointAccess {

		static boolean isUnrestricted(BeanFactory beans) {
			EndpointAccessResolver resolver = beans.getBeanProvider(EndpointAccessResolver.class).getIfAvailable();
			return resolver != null
					&& resolver.accessFor(EndpointId.of("cluster"), Access.READ_ONLY) == Access.UNRESTRICTED;
		}

	}

}
