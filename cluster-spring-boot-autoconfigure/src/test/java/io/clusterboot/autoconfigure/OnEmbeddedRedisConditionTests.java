package io.clusterboot.autoconfigure;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OnEmbeddedRedisCondition}.
 */
class OnEmbeddedRedisConditionTests {

	@ParameterizedTest
	@CsvSource({ "url, url", "host, host", "port, port", "password, password", "username, username",
			"sentinel.master, sentinel", "sentinel.nodes[0], sentinel", "cluster.nodes, cluster",
			"cluster.nodes[0], cluster", "masterreplica.nodes, masterreplica" })
	void whatSaysWhereARedisIsConfiguresOne(String property, String configured) {
		MockEnvironment environment = new MockEnvironment().withProperty("spring.data.redis." + property, "1");
		assertThat(OnEmbeddedRedisCondition.configured(environment)).isEqualTo("spring.data.redis." + configured);
	}

	@ParameterizedTest
	@ValueSource(strings = { "timeout", "connect-timeout", "client-name", "database", "lettuce.pool.max-active",
			"lettuce.cluster.refresh.period", "repositories.enabled" })
	void whatSaysHowItIsUsedDoesNot(String property) {
		MockEnvironment environment = new MockEnvironment().withProperty("spring.data.redis." + property, "1");
		assertThat(OnEmbeddedRedisCondition.configured(environment)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "SPRING_DATA_REDIS_HOST, host", "SPRING_DATA_REDIS_SENTINEL_MASTER, sentinel",
			"SPRING_DATA_REDIS_CLUSTER_NODES_0, cluster" })
	void theEnvironmentCountsAsWell(String variable, String configured) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.of(variable, "1")));
		ConfigurationPropertySources.attach(environment);
		assertThat(OnEmbeddedRedisCondition.configured(environment)).isEqualTo("spring.data.redis." + configured);
	}

	@Test
	void nothingIsConfigured() {
		assertThat(OnEmbeddedRedisCondition.configured(new MockEnvironment())).isNull();
	}

}
