package io.clusterboot.autoconfigure;

import io.clusterboot.balancing.ClusterLoad;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * {@link AutoConfiguration Auto-configuration} for what an application says of its load.
 * One that does not run as a cluster may say it too; nothing is created before it does.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class)
@Lazy
public final class ClusterLoadAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ClusterLoad clusterLoad(ObjectProvider<WorkerAgent> agent) {
		WorkerAgent worker = agent.getIfAvailable();
		return (worker != null) ? worker.reportedLoad() : new ClusterLoad();
	}

}
