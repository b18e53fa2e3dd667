package io.clusterboot.autoconfigure;

import io.clusterboot.scheduling.ClusterRuns;
import io.clusterboot.scheduling.OncePerCluster;
import io.clusterboot.scheduling.OncePerClusterPostProcessor;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * {@link AutoConfiguration Auto-configuration} for {@link OncePerCluster}.
 */
@AutoConfiguration(after = ClusterAutoConfiguration.class)
@ConditionalOnWorker
public final class OncePerClusterAutoConfiguration {

	@Bean
	ClusterRuns clusterRuns(WorkerAgent agent) {
		return new ClusterRuns(agent.permits());
	}

	@Bean
	static OncePerClusterPostProcessor clusterOncePerClusterPostProcessor(ObjectProvider<ClusterRuns> runs) {
		return new OncePerClusterPostProcessor(runs::getObject);
	}

}
