package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.actuate.ClusterEndpointJmxExtension;
import io.clusterboot.actuate.ClusterEndpointWebExtension;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link ClusterEndpoint}.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class)
@ConditionalOnWorker
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnAvailableEndpoint(ClusterEndpoint.class)
public final class ClusterEndpointAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ClusterEndpoint clusterEndpoint(WorkerAgent agent, Environment environment, ObjectProvider<ClusterNodes> nodes) {
		return new ClusterEndpoint(agent, environment.getProperty("spring.application.name"), nodes::getIfAvailable);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnAvailableEndpoint(endpoint = ClusterEndpoint.class, exposure = EndpointExposure.WEB)
	ClusterEndpointWebExtension clusterEndpointWebExtension(ClusterEndpoint endpoint, WorkerAgent agent,
			ClusterProperties properties, ObjectProvider<ClusterNodes> nodes) {
		return new ClusterEndpointWebExtension(endpoint, agent, properties, nodes::getIfAvailable);
	}

	@Bean
	@ConditionalOnMissingBean
	ClusterEndpointJmxExtension clusterEndpointJmxExtension(WorkerAgent agent) {
		return new ClusterEndpointJmxExtension(agent);
	}

}
