package io.clusterboot.actuate;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.clusterboot.PortSharing;
import io.clusterboot.metrics.ClusterScrape;
import io.clusterboot.metrics.WorkerSnapshots;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerState;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusOutputFormat;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusScrapeEndpoint;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterPrometheusEndpointExtension} in a cluster of two workers, of
 * which the other one does not answer.
 */
class ClusterPrometheusEndpointExtensionTests {

	private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

	ClusterPrometheusEndpointExtensionTests() {
		this.registry.counter("orders").increment();
		this.registry.gauge("stock", 7);
	}

	private WebEndpointResponse<byte[]> scrape(boolean aggregate, @Nullable Set<String> names,
			@Nullable Integer worker) {
		WorkerSnapshots local = new WorkerSnapshots(
				new WorkerIdentity(1, 0, 1, 0, Path.of("unused"), PortSharing.HANDLES),
				this.registry.getPrometheusRegistry());
		ClusterScrape scrape = new ClusterScrape(local,
				() -> List.of(new MemberDescription(1, 0, 4711, WorkerState.READY),
						new MemberDescription(2, 1, 4712, WorkerState.READY)),
				(id, timeout) -> new CompletableFuture<>(), Duration.ofMillis(100), (index) -> {
				});
		return new ClusterPrometheusEndpointExtension(
				new PrometheusScrapeEndpoint(this.registry.getPrometheusRegistry(), null), scrape, aggregate, null)
			.scrape(PrometheusOutputFormat.CONTENT_TYPE_004, names, worker);
	}

	private static String text(WebEndpointResponse<byte[]> response) {
		byte[] body = response.getBody();
		assertThat(body).isNotNull();
		return new String(body, StandardCharsets.UTF_8);
	}

	@Test
	void itAnswersForTheClusterUnlessThatIsTurnedOff() {
		assertThat(text(scrape(true, null, null))).contains("orders_total{worker=\"0\"} 1.0",
				"stock{worker=\"0\"} 7.0");
		assertThat(text(scrape(false, null, null))).contains("orders_total 1.0", "stock 7.0");
	}

	@Test
	void aWorkerCanBeSelectedInAnyCase() {
		for (boolean aggregate : List.of(true, false)) {
			assertThat(text(scrape(aggregate, null, 0))).contains("stock{worker=\"0\"} 7.0");
			assertThat(scrape(aggregate, null, 2).getStatus()).isEqualTo(404);
		}
	}

	@Test
	void aSelectedWorkerThatDoesNotAnswerIsNotTakenForOneWithoutMeters() {
		WebEndpointResponse<byte[]> response = scrape(true, null, 1);
		assertThat(response.getStatus()).isEqualTo(503);
		assertThat(response.getContentType()).isEqualTo(MimeTypeUtils.TEXT_PLAIN);
		assertThat(text(response)).contains("index 1", "not answered within 100 ms");
	}

	@Test
	void familiesAreSelectedByTheirNamesWithAndWithoutSuffix() {
		for (String name : List.of("orders", "orders_total")) {
			assertThat(text(scrape(true, Set.of(name), null))).contains("orders_total{").doesNotContain("stock");
		}
	}

}
