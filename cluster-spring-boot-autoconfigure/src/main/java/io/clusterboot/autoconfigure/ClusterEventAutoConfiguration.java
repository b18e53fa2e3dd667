package io.clusterboot.autoconfigure;

import io.clusterboot.event.ClusterEventPublisher;
import io.clusterboot.event.ClusterInfo;
import io.clusterboot.event.WorkerClusterInfo;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;

/**
 * {@link AutoConfiguration Auto-configuration} for what an application is told of its
 * cluster.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class)
@ConditionalOnWorker
public final class ClusterEventAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ClusterInfo clusterInfo(WorkerAgent agent) {
		return new WorkerClusterInfo(agent.identity(), agent.news());
	}

	@Bean
	ClusterEventPublisher clusterEventPublisher(WorkerAgent agent, ApplicationEventPublisher publisher) {
		return new ClusterEventPublisher(agent.news().occurrences(), publisher);
	}

}
