package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.clusterboot.ClusterProperties;
import io.clusterboot.actuate.ClusterDashboardEndpoint;
import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.actuate.DashboardPaths;
import io.clusterboot.actuate.DashboardState;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.worker.WorkerAgent;
import org.junit.jupiter.api.Test;
import org.mockito.MockedStatic;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;

/**
 * Tests for {@link ClusterDashboardAutoConfiguration}.
 */
class ClusterDashboardAutoConfigurationTests {

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private final WebApplicationContextRunner contextRunner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EndpointAutoConfiguration.class,
				ClusterEndpointAutoConfiguration.class, ClusterDashboardAutoConfiguration.class))
		.withUserConfiguration(Properties.class)
		.withBean(WorkerAgent.class, () -> this.agent)
		.withPropertyValues("management.endpoint.cluster.access=UNRESTRICTED");

	ClusterDashboardAutoConfigurationTests() throws IOException {
		given(this.agent.identity()).willReturn(new WorkerIdentity(1, 0, 0, 0, Path.of("socket"), PortSharing.HANDLES));
		given(this.agent.describeWithEvents()).willThrow(new IOException("There is no primary"));
	}

	@Test
	void operationsOnTheWebCanBeCalledFromThePage() {
		assertThat(isWritable("management.endpoints.web.exposure.include=cluster,clusterdashboard")).isTrue();
	}

	@Test
	void operationsElsewhereCannotBeCalledFromThePage() {
		assertThat(isWritable("management.endpoints.web.exposure.include=clusterdashboard", "spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=cluster"))
			.isFalse();
	}

	/**
	 * It shows what that endpoint tells.
	 */
	@Test
	void whereNobodyHasAccessToTheEndpointThereIsNoDashboard() {
		for (String access : List.of("management.endpoint.cluster.access=NONE",
				"management.endpoints.access.max-permitted=NONE")) {
			withAgent(() -> this.contextRunner
				.withPropertyValues("management.endpoints.web.exposure.include=cluster,clusterdashboard", access)
				.run((context) -> assertThat(context).hasNotFailed()
					.doesNotHaveBean(ClusterDashboardEndpoint.class)
					.doesNotHaveBean(DashboardPaths.class)));
		}
	}

	private void withAgent(Runnable test) {
		try (MockedStatic<WorkerAgent> agents = mockStatic(WorkerAgent.class)) {
			agents.when(WorkerAgent::current).thenReturn(this.agent);
			test.run();
		}
	}

	private boolean isWritable(String... exposure) {
		boolean[] writable = new boolean[1];
		withAgent(() -> this.contextRunner.withPropertyValues(exposure).run((context) -> {
			assertThat(context).hasSingleBean(ClusterEndpoint.class);
			WebEndpointResponse<?> response = context.getBean(ClusterDashboardEndpoint.class).file("state");
			writable[0] = ((DashboardState) response.getBody()).writable();
		}));
		return writable[0];
	}

	@EnableConfigurationProperties(ClusterProperties.class)
	static class Properties {

	}

}
