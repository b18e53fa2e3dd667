package io.clusterboot.autoconfigure;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterNodesAutoConfiguration}.
 */
class ClusterNodesAutoConfigurationTests {

	private static final String UNRESTRICTED = "management.endpoint.cluster.access=UNRESTRICTED";

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(EndpointAutoConfiguration.class));

	@Test
	void commandsAreAcceptedWhereTheEndpointAcceptsThem() {
		assertThat(acceptsCommands()).isFalse();
		assertThat(acceptsCommands(UNRESTRICTED)).isTrue();
		assertThat(acceptsCommands("management.endpoints.access.default=UNRESTRICTED")).isTrue();
		assertThat(acceptsCommands("management.endpoint.cluster.access=NONE")).isFalse();
		assertThat(acceptsCommands(UNRESTRICTED, "management.endpoints.access.max-permitted=READ_ONLY")).isFalse();
	}

	@Test
	void thePropertyDecides() {
		assertThat(acceptsCommands(UNRESTRICTED, "cluster.nodes.accept-commands=false")).isFalse();
		assertThat(acceptsCommands("cluster.nodes.accept-commands=true")).isTrue();
	}

	private boolean acceptsCommands(String... properties) {
		boolean[] accepts = new boolean[1];
		this.runner.withPropertyValues(properties).run((context) -> {
			ClusterProperties cluster = Binder.get(context.getEnvironment())
				.bindOrCreate("cluster", ClusterProperties.class);
			accepts[0] = ClusterNodesAutoConfiguration.acceptsCommands(cluster.nodes(), context.getBeanFactory());
		});
		return accepts[0];
	}

	@Test
	void withoutEndpointsNoneAre() {
		new ApplicationContextRunner().run((context) -> assertThat(ClusterNodesAutoConfiguration
			.acceptsCommands(new ClusterProperties.Nodes(true, Duration.ofSeconds(1), null), context.getBeanFactory()))
			.isFalse());
	}

}
