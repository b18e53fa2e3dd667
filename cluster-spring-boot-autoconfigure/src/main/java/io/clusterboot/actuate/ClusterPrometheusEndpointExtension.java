package io.clusterboot.actuate;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.clusterboot.metrics.ClusterScrape;
import io.clusterboot.metrics.NoAnswerException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusOutputFormat;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusScrapeEndpoint;
import org.springframework.util.MimeTypeUtils;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} that has the
 * {@link PrometheusScrapeEndpoint} answer for the cluster.
 */
@EndpointWebExtension(endpoint = PrometheusScrapeEndpoint.class)
public class ClusterPrometheusEndpointExtension {

	private final ClusterScrape scrape;

	/** Answers if no worker is named. */
	private final PrometheusScrapeEndpoint all;

	private final @Nullable Properties exporterProperties;

	/**
	 * Create an extension.
	 * @param delegate the endpoint, which answers for this worker
	 * @param scrape collects the meters of all workers
	 * @param aggregate whether to answer for the cluster if no worker is named
	 * @param exporterProperties the properties of Prometheus' formats
	 */
	public ClusterPrometheusEndpointExtension(PrometheusScrapeEndpoint delegate, ClusterScrape scrape,
			boolean aggregate, @Nullable Properties exporterProperties) {
		this.scrape = scrape;
		this.exporterProperties = exporterProperties;
		this.all = aggregate ? endpoint(scrape::ofCluster) : delegate;
	}

	/**
	 * The meters of the cluster, or of one worker.
	 * @param format the format
	 * @param includedNames names of families to be included, or {@code null} for all
	 * @param worker index of the worker, or {@code null}
	 * @return 200, or 404 if there is no worker at that index, or 503 if it does not
	 * answer
	 */
	@ReadOperation(producesFrom = PrometheusOutputFormat.class)
	public WebEndpointResponse<byte[]> scrape(PrometheusOutputFormat format, @Nullable Set<String> includedNames,
			@Nullable Integer worker) {
		if (worker == null) {
			return this.all.scrape(format, includedNames);
		}
		try {
			MetricSnapshots snapshots = this.scrape.ofWorker(worker);
			return (snapshots != null) ? endpoint(() -> snapshots).scrape(format, includedNames)
					: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
		}
		catch (NoAnswerException ex) {
			// no empty page, which Prometheus would take for a worker that is up
			return new WebEndpointResponse<>((ex.getMessage() + "\n").getBytes(StandardCharsets.UTF_8),
					WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE, MimeTypeUtils.TEXT_PLAIN);
		}
	}

	private PrometheusScrapeEndpoint endpoint(Supplier<MetricSnapshots> snapshots) {
		return new PrometheusScrapeEndpoint(new Collected(snapshots), this.exporterProperties);
	}

	/**
	 * What has been collected, in the shape in which the endpoint takes it.
	 */
	private static final class Collected extends PrometheusRegistry {

		private static final List<String> SUFFIXES = List.of("", "_total", "_info");

		private final Supplier<MetricSnapshots> snapshots;

		private Collected(Supplier<MetricSnapshots> snapshots) {
			this.snapshots = snapshots;
		}

		@Override
		public MetricSnapshots scrape() {
			return this.snapshots.get();
		}

		@Override
		public MetricSnapshots scrape(Predicate<String> includedNames) {
			return new MetricSnapshots(this.snapshots.get()
				.stream()
				.filter((snapshot) -> isIncluded(snapshot.getMetadata().getPrometheusName(), includedNames))
				.toArray(MetricSnapshot[]::new));
		}

		/**
		 * Names are given as they are in the text, where some have a suffix.
		 */
		private static boolean isIncluded(String name, Predicate<String> includedNames) {
			return SUFFIXES.stream().anyMatch((suffix) -> includedNames.test(name + suffix));
		}

	}

}
