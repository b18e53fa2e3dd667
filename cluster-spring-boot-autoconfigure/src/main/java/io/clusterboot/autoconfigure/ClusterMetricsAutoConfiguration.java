package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.actuate.ClusterPrometheusEndpointExtension;
import io.clusterboot.actuate.SnapshotMessages;
import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.metrics.ClusterMetrics;
import io.clusterboot.metrics.ClusterScrape;
import io.clusterboot.metrics.OmissionCounter;
import io.clusterboot.metrics.WorkerMetrics;
import io.clusterboot.metrics.WorkerSnapshots;
import io.clusterboot.worker.LinkMetrics;
import io.clusterboot.worker.WorkerAgent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusScrapeEndpoint;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * {@link AutoConfiguration Auto-configuration} for the meters of the cluster, and for
 * scrapes of all of its workers.
 */
@AutoConfiguration(after = { ClusterAutoConfiguration.class, ClusterMessagingAutoConfiguration.class },
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusMetricsExportAutoConfiguration")
@ConditionalOnWorker
@ConditionalOnClass(MeterRegistry.class)
public final class ClusterMetricsAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ClusterMetrics clusterMetrics(WorkerAgent agent) {
		ClusterMetrics metrics = new ClusterMetrics();
		agent.news().onStatistics(metrics::update);
		return metrics;
	}

	@Bean
	@ConditionalOnMissingBean
	WorkerMetrics clusterWorkerMetrics() {
		return new WorkerMetrics();
	}

	@Bean
	@ConditionalOnMissingBean
	LinkMetrics clusterLinkMetrics(WorkerAgent agent) {
		return new LinkMetrics(agent);
	}

	/**
	 * Not with the endpoint alone: others ask this worker for its meters, whatever it
	 * exposes itself.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ PrometheusRegistry.class, PrometheusConfig.class })
	@ConditionalOnBean(PrometheusRegistry.class)
	static class PrometheusConfiguration {

		@Bean
		WorkerSnapshots clusterWorkerSnapshots(WorkerAgent agent, PrometheusRegistry registry) {
			return new WorkerSnapshots(agent.identity(), registry);
		}

		@Bean
		SnapshotMessages clusterSnapshotMessages(MessageExchange exchange, WorkerSnapshots snapshots) {
			return new SnapshotMessages(exchange, snapshots);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(PrometheusScrapeEndpoint.class)
	@ConditionalOnBean(PrometheusScrapeEndpoint.class)
	static class PrometheusEndpointConfiguration {

		@Bean
		@ConditionalOnMissingBean
		ClusterPrometheusEndpointExtension clusterPrometheusEndpointExtension(PrometheusScrapeEndpoint endpoint,
				PrometheusConfig config, WorkerSnapshots snapshots, SnapshotMessages messages, WorkerAgent agent,
				MeterRegistry registry, ClusterProperties properties) {
			OmissionCounter omissions = new OmissionCounter(registry);
			agent.news().onStatistics(omissions::update);
			ClusterScrape scrape = new ClusterScrape(snapshots, agent.news()::members, messages,
					properties.metrics().timeout(), omissions);
			return new ClusterPrometheusEndpointExtension(endpoint, scrape, properties.metrics().aggregate(),
					config.prometheusProperties());
		}

	}

}
