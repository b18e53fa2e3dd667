package io.clusterboot.worker;

import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.WebServerException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UnsharableServerFailureAnalyzer}.
 */
class UnsharableServerFailureAnalyzerTests {

	@Test
	void saysWhatCannotBeSharedAndWhatCan() {
		UnsharableServerException cause = new UnsharableServerException("Workers cannot share this.");
		FailureAnalysis analysis = new UnsharableServerFailureAnalyzer()
			.analyze(new WebServerException("Unable to start the server", cause));
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).isEqualTo("Workers cannot share this.");
		assertThat(analysis.getAction()).contains("Tomcat", "Jetty", "Reactor Netty", "cluster.enabled=false");
		assertThat(analysis.getCause()).isSameAs(cause);
	}

}
