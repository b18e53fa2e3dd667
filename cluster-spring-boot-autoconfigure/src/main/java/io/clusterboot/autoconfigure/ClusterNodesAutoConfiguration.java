package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.node.NodeIdentity;
import io.clusterboot.node.NodeMessages;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;

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

	@Bean
	NodeMessages clusterNodeMessages(WorkerAgent agent, RedisSharedState state, MessageListeners listeners) {
		return new NodeMessages(NodeIdentity.of(agent.identity()), state, listeners);
	}

	@Bean
	ClusterNodes clusterNodes(WorkerAgent agent, RedisSharedState state, NodeMessages messages,
			ClusterProperties properties) {
		return new ClusterNodes(NodeIdentity.of(agent.identity()), agent, state, messages,
				properties.nodes().heartbeat());
	}

}
