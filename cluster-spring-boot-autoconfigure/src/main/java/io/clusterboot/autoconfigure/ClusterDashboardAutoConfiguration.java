package io.clusterboot.autoconfigure;

import java.util.List;

import io.clusterboot.ClusterProperties;
import io.clusterboot.actuate.ClusterDashboardEndpoint;
import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.actuate.ClusterEndpointWebExtension;
import io.clusterboot.actuate.DashboardPaths;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link ClusterDashboardEndpoint}.
 */
@AutoConfiguration(after = ClusterEndpointAutoConfiguration.class)
@ConditionalOnDashboard
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
public final class ClusterDashboardAutoConfiguration {

	private static final String PATHS = "management.endpoints.web.path-mapping.";

	private static final List<String> SERVERS_OF_EVENTS = List.of("org.springframework.web.servlet.DispatcherServlet",
			"org.springframework.web.reactive.DispatcherHandler");

	private static final EndpointId CLUSTER = EndpointId.of("cluster");

	@Bean
	DashboardPaths clusterDashboardPaths(Environment environment) {
		String cluster = environment.getProperty(PATHS + CLUSTER, CLUSTER.toString());
		return new DashboardPaths(cluster,
				environment.getProperty(PATHS + ClusterDashboardEndpoint.ID, cluster + "/dashboard"));
	}

	/**
	 * The operations are there if the endpoint that has them is on the web, too, and may
	 * be written to.
	 */
	@Bean
	@ConditionalOnMissingBean
	ClusterDashboardEndpoint clusterDashboardEndpoint(WorkerAgent agent, ObjectProvider<ClusterEndpoint> endpoint,
			ObjectProvider<ClusterEndpointWebExtension> operations, DashboardPaths paths,
			ObjectProvider<EndpointAccessResolver> access, ClusterProperties properties, Environment environment) {
		ClusterEndpoint exposed = endpoint.getIfAvailable();
		EndpointAccessResolver resolver = access.getIfAvailable();
		boolean writable = operations.getIfAvailable() != null && resolver != null
				&& resolver.accessFor(CLUSTER, Access.READ_ONLY) == Access.UNRESTRICTED;
		ClusterEndpoint cluster = (exposed != null) ? exposed
				: new ClusterEndpoint(agent, environment.getProperty("spring.application.name"), () -> null);
		return new ClusterDashboardEndpoint(agent, cluster, paths, hasEvents(), writable, properties.mostWorkers());
	}

	/**
	 * Not with Jersey alone: the page polls there.
	 */
	private static boolean hasEvents() {
		return SERVERS_OF_EVENTS.stream()
			.anyMatch((name) -> ClassUtils.isPresent(name, ClusterDashboardAutoConfiguration.class.getClassLoader()));
	}

}
