package io.clusterboot.autoconfigure;

import io.clusterboot.actuate.OptionalReactiveRequestBody;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.webflux.actuate.endpoint.web.WebFluxEndpointHandlerMapping;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Adapts the mapping of the endpoint in a reactive application. It lives in the context
 * of the management port if there is one.
 */
@ConditionalOnWorker
@ConditionalOnClass(WebFluxEndpointHandlerMapping.class)
@ManagementContextConfiguration(proxyBeanMethods = false)
class ClusterReactiveEndpointManagementContextConfiguration {

	@Bean
	static OptionalReactiveRequestBody clusterOptionalReactiveRequestBody(Environment environment) {
		return new OptionalReactiveRequestBody(
				environment.getProperty("management.endpoints.web.path-mapping.cluster", "cluster"));
	}

}
