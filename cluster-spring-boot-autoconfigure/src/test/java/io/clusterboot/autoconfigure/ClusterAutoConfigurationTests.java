package io.clusterboot.autoconfigure;

import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.worker.WorkerAgent;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the auto-configuration where there is no cluster; in workers it is tested
 * with real ones.
 */
class ClusterAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ClusterAutoConfiguration.class, ClusterEndpointAutoConfiguration.class,
				ClusterHealthContributorAutoConfiguration.class))
		.withPropertyValues("management.endpoints.web.exposure.include=cluster");

	@Test
	void addsNothingOutsideOfAWorker() {
		this.contextRunner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(WorkerAgent.class)
			.doesNotHaveBean(ClusterEndpoint.class)
			.doesNotHaveBean("clusterHealthIndicator"));
	}

}
