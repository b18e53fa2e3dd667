package io.clusterboot.autoconfigure;

import io.clusterboot.actuate.OptionalRequestBody;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.webmvc.actuate.endpoint.web.WebMvcEndpointHandlerMapping;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Adapts the mapping of the endpoint, which lives in the context of the management port
 * if there is one.
 */
@ConditionalOnWorker
@ConditionalOnClass(WebMvcEndpointHandlerMapping.class)
@ManagementContextConfiguration(proxyBeanMethods = false)
class ClusterEndpointManagementContextConfiguration {

	@Bean
	static OptionalRequestBody clusterOptionalRequestBody(Environment environment) {
		return new OptionalRequestBody(
				environment.getProperty("management.endpoints.web.path-mapping.cluster", "cluster"));
	}

}
