package io.clusterboot.autoconfigure;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.WorkerAgent;
import io.clusterboot.worker.jetty.SharedServerConnectors;
import io.clusterboot.worker.netty.SharedHttpServers;
import io.clusterboot.worker.tomcat.SharedConnectors;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * Shares a separate management port. Its server lives in a context of its own, which does
 * not see the customizers of the application's.
 */
@ConditionalOnWorker
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ClusterManagementContextConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(TomcatWebServerFactory.class)
	static class TomcatConfiguration {

		@Bean
		SharedConnectors clusterManagementSharedConnectors(WorkerAgent agent) {
			return new SharedConnectors(agent, AcceptPolicy.WHEN_READY_OR_NONE_IS);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(JettyServletWebServerFactory.class)
	static class JettyConfiguration {

		@Bean
		SharedServerConnectors clusterManagementSharedServerConnectors(WorkerAgent agent) {
			return new SharedServerConnectors(agent, AcceptPolicy.WHEN_READY_OR_NONE_IS);
		}

	}

	/**
	 * With the event loops of the application.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(NettyReactiveWebServerFactory.class)
	static class ReactorNettyConfiguration {

		@Bean
		SharedHttpServers clusterManagementSharedHttpServers(WorkerAgent agent,
				ObjectProvider<ReactorResourceFactory> resources) {
			return new SharedHttpServers(agent, AcceptPolicy.WHEN_READY_OR_NONE_IS, resources::getIfAvailable);
		}

	}

}
