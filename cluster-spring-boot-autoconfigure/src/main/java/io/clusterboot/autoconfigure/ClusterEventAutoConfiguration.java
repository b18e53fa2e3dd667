package io.clusterboot.autoconfigure;

import io.clusterboot.event.ClusterEventPublisher;
import io.clusterboot.event.ClusterInfo;
import io.clusterboot.event.LoneClusterInfo;
import io.clusterboot.event.WorkerClusterInfo;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * {@link AutoConfiguration Auto-configuration} for what an application is told of its
 * cluster. An application that does not run as a cluster is told nothing, but can ask;
 * nothing is created before it does.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class)
@Lazy
public final class ClusterEventAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ClusterInfo clusterInfo(ObjectProvider<WorkerAgent> agent) {
		WorkerAgent worker = agent.getIfAvailable();
		return (worker != null) ? new WorkerClusterInfo(worker.identity(), worker.news()) : new LoneClusterInfo();
	}

	@Bean
	@ConditionalOnWorker
	@Lazy(false)
	ClusterEventPublisher clusterEventPublisher(WorkerAgent agent, ApplicationEventPublisher publisher) {
		return new ClusterEventPublisher(agent.news().occurrences(), publisher);
	}

}
