package io.clusterboot.autoconfigure;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.WorkerAgent;
import io.clusterboot.worker.netty.SharedHttpServers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * Shares a separate management port that Reactor Netty serves, with the event loops of
 * the application. Its server lives in a context of its own, which does not see the
 * customizers of the application's.
 */
@ConditionalOnWorker
@ConditionalOnClass(NettyReactiveWebServerFactory.class)
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ClusterNettyManagementContextConfiguration {

	@Bean
	SharedHttpServers clusterManagementSharedHttpServers(WorkerAgent agent,
			ObjectProvider<ReactorResourceFactory> resources) {
		return new SharedHttpServers(agent, AcceptPolicy.WHEN_READY_OR_NONE_IS, resources::getIfAvailable);
	}

}
