package io.clusterboot.primary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LoopbackHost}.
 */
class LoopbackHostTests {

	@ParameterizedTest
	@ValueSource(strings = { "localhost", "LocalHost:9090", "shop.localhost:9090", "localhost.", "127.0.0.1",
			"127.0.0.2:9090", "[::1]", "[::1]:9090" })
	void namesOfTheLoopbackAddress(String host) {
		assertThat(LoopbackHost.matches(host)).isTrue();
	}

	@Test
	void aClientThatSendsNoHostIsNoBrowser() {
		assertThat(LoopbackHost.matches(null)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "example.org", "example.org:9090", "localhost.example.org", "evillocalhost",
			"127.0.0.1.example.org", "10.0.0.1", "[::2]:9090", "example.org@localhost" })
	void otherNames(String host) {
		assertThat(LoopbackHost.matches(host)).isFalse();
	}

}
