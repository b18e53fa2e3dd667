package io.clusterboot.autoconfigure;

import java.io.IOException;
import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.advice.AdviceReport;
import io.clusterboot.advice.Advisor;
import io.clusterboot.advice.CacheAdvisor;
import io.clusterboot.advice.ConnectionPoolAdvisor;
import io.clusterboot.advice.EmbeddedDatabaseAdvisor;
import io.clusterboot.advice.ExistingBeans;
import io.clusterboot.advice.HttpSessionAdvisor;
import io.clusterboot.advice.QuartzAdvisor;
import io.clusterboot.advice.ScheduledAdvisor;
import io.clusterboot.advice.StompBrokerAdvisor;
import io.clusterboot.worker.WorkerAgent;
import org.quartz.Scheduler;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jdbc.metadata.DataSourcePoolMetadataProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.simp.broker.SimpleBrokerMessageHandler;

/**
 * {@link AutoConfiguration Auto-configuration} for advice on what is not safe with
 * several workers.
 */
@AutoConfiguration(after = OncePerClusterAutoConfiguration.class)
@ConditionalOnWorker
@ConditionalOnBooleanProperty(name = "cluster.advice.enabled", matchIfMissing = true)
public final class ClusterAdviceAutoConfiguration {

	/** Less than anybody waits for a log to say more. */
	private static final Duration PATIENCE = Duration.ofSeconds(5);

	@Bean
	AdviceReport clusterAdviceReport(ObjectProvider<Advisor> advisors, ClusterProperties properties,
			WorkerAgent agent) {
		return new AdviceReport(advisors.stream().toList(), properties.advice(), () -> workers(agent), PATIENCE);
	}

	/**
	 * The JVM of a worker may see another number of processors than the primary does.
	 */
	private static int workers(WorkerAgent agent) throws IOException {
		return agent.describe().configuredWorkers();
	}

	@Bean
	ExistingBeans clusterExistingBeans(ConfigurableListableBeanFactory beanFactory) {
		return new ExistingBeans(beanFactory);
	}

	@Bean
	HttpSessionAdvisor clusterHttpSessionAdvisor(ExistingBeans beans) {
		return new HttpSessionAdvisor(beans);
	}

	@Bean
	CacheAdvisor clusterCacheAdvisor(ExistingBeans beans) {
		return new CacheAdvisor(beans);
	}

	@Bean
	ScheduledAdvisor clusterScheduledAdvisor(ExistingBeans beans) {
		return new ScheduledAdvisor(beans);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(SimpleBrokerMessageHandler.class)
	static class MessagingConfiguration {

		@Bean
		StompBrokerAdvisor clusterStompBrokerAdvisor(ExistingBeans beans) {
			return new StompBrokerAdvisor(beans);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Scheduler.class)
	static class QuartzConfiguration {

		@Bean
		QuartzAdvisor clusterQuartzAdvisor(ExistingBeans beans) {
			return new QuartzAdvisor(beans);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(DataSourcePoolMetadataProvider.class)
	static class JdbcConfiguration {

		@Bean
		EmbeddedDatabaseAdvisor clusterEmbeddedDatabaseAdvisor(ExistingBeans beans) {
			return new EmbeddedDatabaseAdvisor(beans);
		}

		@Bean
		ConnectionPoolAdvisor clusterConnectionPoolAdvisor(ExistingBeans beans, ClusterProperties properties,
				WorkerAgent agent) {
			return new ConnectionPoolAdvisor(beans, () -> workers(agent), properties.reload().surge());
		}

	}

}
