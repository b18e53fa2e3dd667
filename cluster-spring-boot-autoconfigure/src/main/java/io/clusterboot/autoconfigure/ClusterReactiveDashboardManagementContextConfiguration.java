package io.clusterboot.autoconfigure;

import java.util.Map;

import io.clusterboot.actuate.ClusterDashboardEndpoint;
import io.clusterboot.actuate.DashboardPaths;
import io.clusterboot.actuate.ReactiveDashboardSessionHandler;
import io.clusterboot.actuate.ReactiveDashboardStream;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.webflux.actuate.endpoint.web.WebFluxEndpointHandlerMapping;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.web.server.csrf.CsrfToken;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.server.WebHandler;

/**
 * What the dashboard of a reactive application needs and an operation of an endpoint
 * cannot do. It lives in the context of the management port if there is one.
 */
@ConditionalOnDashboard
@ConditionalOnClass({ WebFluxEndpointHandlerMapping.class, ConditionalOnAvailableEndpoint.class })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ManagementContextConfiguration(proxyBeanMethods = false)
class ClusterReactiveDashboardManagementContextConfiguration {

	/** Before the mapping of endpoints, which takes all that is below their paths. */
	private static final int BEFORE_ENDPOINTS = -101;

	@Bean
	HandlerMapping clusterDashboardStreamMapping(WorkerAgent agent, ClusterDashboardEndpoint endpoint,
			WebEndpointProperties properties, DashboardPaths paths) {
		return mapping(new ReactiveDashboardStream(agent, endpoint), properties, paths, "/events");
	}

	private static HandlerMapping mapping(WebHandler handler, WebEndpointProperties properties, DashboardPaths paths,
			String name) {
		return new SimpleUrlHandlerMapping(Map.of(properties.getBasePath() + "/" + paths.dashboard() + name, handler),
				BEFORE_ENDPOINTS);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(CsrfToken.class)
	static class SecurityConfiguration {

		@Bean
		HandlerMapping clusterDashboardSessionMapping(WebEndpointProperties properties, DashboardPaths paths) {
			return mapping(new ReactiveDashboardSessionHandler(), properties, paths, "/session");
		}

	}

}
