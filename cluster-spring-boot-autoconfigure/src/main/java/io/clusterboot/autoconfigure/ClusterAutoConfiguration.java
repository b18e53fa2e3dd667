package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.control.ClusterControl;
import io.clusterboot.control.PrimaryClusterControl;
import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharableServers;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import io.clusterboot.worker.jetty.SharedServerConnectors;
import io.clusterboot.worker.netty.SharedHttpServers;
import io.clusterboot.worker.tomcat.SharedConnectors;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.ConfigurableWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.util.Assert;

/**
 * {@link AutoConfiguration Auto-configuration} for a worker of a cluster.
 */
@AutoConfiguration
@ConditionalOnWorker
@EnableConfigurationProperties(ClusterProperties.class)
public final class ClusterAutoConfiguration {

	@Bean(destroyMethod = "")
	WorkerAgent clusterWorkerAgent() {
		WorkerAgent agent = WorkerAgent.current();
		Assert.state(agent != null, "This process is not a worker");
		return agent;
	}

	@Bean
	@ConditionalOnMissingBean
	ClusterControl clusterControl(WorkerAgent agent) {
		return new PrimaryClusterControl(agent);
	}

	@Bean
	ReadinessReporter clusterReadinessReporter(WorkerAgent agent, ApplicationContext context) {
		return new ReadinessReporter(agent, context);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ConfigurableWebServerFactory.class)
	static class WebServerConfiguration {

		@Bean
		WebServerFactoryCustomizer<ConfigurableWebServerFactory> clusterServerCheck(
				ObjectProvider<SharableServers<?>> servers) {
			return (factory) -> {
				if (servers.stream().noneMatch((sharable) -> sharable.includes(factory))) {
					throw new UnsharableServerException("Workers cannot share the port of the web server that %s makes."
						.formatted(factory.getClass().getSimpleName()));
				}
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(TomcatWebServerFactory.class)
	static class TomcatConfiguration {

		@Bean
		SharedConnectors clusterSharedConnectors(WorkerAgent agent) {
			return new SharedConnectors(agent, AcceptPolicy.WHEN_READY);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JettyServletWebServerFactory.class)
	static class JettyConfiguration {

		@Bean
		SharedServerConnectors clusterSharedServerConnectors(WorkerAgent agent) {
			return new SharedServerConnectors(agent, AcceptPolicy.WHEN_READY);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(NettyReactiveWebServerFactory.class)
	static class ReactorNettyConfiguration {

		@Bean
		SharedHttpServers clusterSharedHttpServers(WorkerAgent agent,
				ObjectProvider<ReactorResourceFactory> resources) {
			return new SharedHttpServers(agent, AcceptPolicy.WHEN_READY, resources::getIfAvailable);
		}

	}

}
