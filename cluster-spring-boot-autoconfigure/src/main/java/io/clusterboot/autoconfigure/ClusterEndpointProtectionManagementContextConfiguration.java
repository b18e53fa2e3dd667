package io.clusterboot.autoconfigure;

import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.actuate.EndpointProtection;
import io.clusterboot.actuate.EndpointProtectionFilter;
import io.clusterboot.actuate.EndpointProtectionWebFilter;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.CorsEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/**
 * Protects the endpoint and the dashboard against pages of other sites, in the context of
 * the management port if there is one. Filters come after Spring Security's: who may not
 * come in at all is told that first.
 */
@ConditionalOnWorker
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@Conditional(ClusterEndpointProtectionManagementContextConfiguration.OnWebEndpoint.class)
@ManagementContextConfiguration(proxyBeanMethods = false)
class ClusterEndpointProtectionManagementContextConfiguration {

	@Bean
	EndpointProtection clusterEndpointProtection(ObjectProvider<PathMappedEndpoints> endpoints,
			ObjectProvider<CorsEndpointProperties> cors) {
		return new EndpointProtection(endpoints::getObject, cors::getIfAvailable);
	}

	/**
	 * With Spring MVC and with Jersey.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	static class ServletConfiguration {

		@Bean
		FilterRegistrationBean<EndpointProtectionFilter> clusterEndpointProtectionFilter(
				EndpointProtection protection) {
			return new FilterRegistrationBean<>(new EndpointProtectionFilter(protection));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
	static class ReactiveConfiguration {

		@Bean
		EndpointProtectionWebFilter clusterEndpointProtectionWebFilter(EndpointProtection protection) {
			return new EndpointProtectionWebFilter(protection);
		}

	}

	static class OnWebEndpoint extends AnyNestedCondition {

		OnWebEndpoint() {
			super(ConfigurationPhase.PARSE_CONFIGURATION);
		}

		@ConditionalOnAvailableEndpoint(endpoint = ClusterEndpoint.class, exposure = EndpointExposure.WEB)
		static class OnCluster {

		}

		@ConditionalOnDashboard
		static class OnDashboard {

		}

	}

}
