package io.clusterboot.autoconfigure;

import java.util.Map;

import io.clusterboot.actuate.ClusterDashboardEndpoint;
import io.clusterboot.actuate.DashboardPaths;
import io.clusterboot.actuate.DashboardSessionHandler;
import io.clusterboot.actuate.DashboardStream;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.webmvc.actuate.endpoint.web.WebMvcEndpointHandlerMapping;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.security.web.access.WebInvocationPrivilegeEvaluator;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/**
 * What the dashboard needs and an operation of an endpoint cannot do. It lives in the
 * context of the management port if there is one.
 */
@ConditionalOnDashboard
@ConditionalOnClass({ WebMvcEndpointHandlerMapping.class, ConditionalOnAvailableEndpoint.class })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ManagementContextConfiguration(proxyBeanMethods = false)
class ClusterDashboardManagementContextConfiguration {

	/** Before the mapping of endpoints, which takes all that is below their paths. */
	private static final int BEFORE_ENDPOINTS = -101;

	@Bean
	DashboardStream clusterDashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint) {
		return new DashboardStream(agent, endpoint);
	}

	@Bean
	HandlerMapping clusterDashboardStreamMapping(DashboardStream stream, WebEndpointProperties properties,
			DashboardPaths paths) {
		return mapping(stream, path(properties, paths.dashboard()) + "/events");
	}

	private static String path(WebEndpointProperties properties, String endpoint) {
		return properties.getBasePath() + "/" + endpoint;
	}

	private static HandlerMapping mapping(HttpRequestHandler handler, String path) {
		return new SimpleUrlHandlerMapping(Map.of(path, handler), BEFORE_ENDPOINTS);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(WebInvocationPrivilegeEvaluator.class)
	static class SecurityConfiguration {

		/**
		 * Spring Security judges requests that it imagines as if they came to the main
		 * port. Of another port it does not know.
		 */
		@Bean
		HandlerMapping clusterDashboardSessionMapping(ObjectProvider<WebInvocationPrivilegeEvaluator> privileges,
				WebEndpointProperties properties, DashboardPaths paths, Environment environment) {
			boolean known = ManagementPortType.get(environment) == ManagementPortType.SAME;
			DashboardSessionHandler session = new DashboardSessionHandler(
					() -> known ? privileges.getIfAvailable() : null, path(properties, paths.cluster()) + "/reload");
			return mapping(session, path(properties, paths.dashboard()) + "/session");
		}

	}

}
