package io.clusterboot;

import java.time.Duration;
import java.util.Map;

import io.clusterboot.ClusterProperties.Advice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ClusterProperties}.
 */
class ClusterPropertiesTests {

	@Test
	void nothingNeedsToBeConfigured() {
		ClusterProperties properties = bind(Map.of());
		assertThat(properties.enabled()).isTrue();
		assertThat(properties.workers()).isEqualTo(WorkerCount.AUTO);
		assertThat(properties.workers().resolve()).isEqualTo(Runtime.getRuntime().availableProcessors());
		assertThat(properties.worker().jvmArgs()).isEmpty();
		assertThat(properties.worker().environment()).isEmpty();
		assertThat(properties.worker().requestTimeout()).isNull();
		assertThat(properties.shutdown().preStopDelay()).isZero();
		assertThat(properties.staging().enabled()).isTrue();
		assertThat(properties.staging().directory()).isNull();
		assertThat(properties.staging().maxSize()).isEqualTo(DataSize.ofGigabytes(1));
	}

	@Test
	void everythingCanBeConfigured() {
		ClusterProperties properties = bind(Map.of("cluster.workers", "3", "cluster.worker.jvm-args", "-Xmx64m,-Da=b",
				"cluster.worker.environment.TZ", "UTC", "cluster.worker.request-timeout", "20s"));
		assertThat(properties.workers().resolve()).isEqualTo(3);
		assertThat(properties.worker().jvmArgs()).containsExactly("-Xmx64m", "-Da=b");
		assertThat(properties.worker().environment()).containsExactly(Map.entry("TZ", "UTC"));
		assertThat(properties.worker().requestTimeout()).isEqualTo(Duration.ofSeconds(20));
	}

	@ParameterizedTest
	@ValueSource(strings = { "0", "-1", "many", "1.5", "" })
	void aNumberOfWorkersThatIsNoneSaysWhatToUse(String value) {
		assertThatExceptionOfType(BindException.class).isThrownBy(() -> bind(Map.of("cluster.workers", value)))
			.havingRootCause()
			.withMessageContaining("use 'auto' or a whole number from 1");
	}

	@ParameterizedTest
	@CsvSource({ "cluster.metrics.timeout, 0s", "cluster.primary.port, 65536", "cluster.primary.port, -1",
			"cluster.startup.timeout, 0s", "cluster.startup.parallelism, 0", "cluster.heartbeat.interval, -1s",
			"cluster.heartbeat.timeout, 2s", "cluster.restart.initial-delay, 0s", "cluster.restart.multiplier, 0.5",
			"cluster.restart.max-delay, 1ms", "cluster.restart.jitter, 1.5", "cluster.restart.stable-after, -1s",
			"cluster.drain.timeout, -1s", "cluster.drain.idle-grace, -1s", "cluster.drain.close-window, -1s",
			"cluster.shutdown.timeout, 0s", "cluster.shutdown.pre-stop-delay, -1s",
			"cluster.worker.request-timeout, 0s", "cluster.link.reply-timeout, 0s",
			"cluster.messaging.max-message-size, 0B", "cluster.messaging.max-message-size, 65MB",
			"cluster.messaging.max-pending-size, 1023KB", "cluster.messaging.send-timeout, 0s",
			"cluster.tasks.threads, 0", "cluster.tasks.timeout, 0s", "cluster.staging.max-size, 0B",
			"cluster.max-workers, 0", "cluster.reload.surge, 0", "cluster.reload.probation, -1s",
			"cluster.recycle.max-requests, 0", "cluster.recycle.max-age, 0s", "cluster.recycle.max-heap, 0B",
			"cluster.recycle.max-rss, 0B", "cluster.recycle.jitter, 2", "cluster.redis.embedded.max-memory, 1MB",
			"cluster.cache.near.max-entries, 0", "cluster.cache.near.time-to-live, 0s", "cluster.nodes.heartbeat, 0s",
			"cluster.state.timeout, 0s", "cluster.state.lock-lease, 2s" })
	void aValueOutOfItsRangeIsRejectedByName(String property, String value) {
		assertThatExceptionOfType(BindException.class).isThrownBy(() -> bind(Map.of(property, value)))
			.havingRootCause()
			.withMessageContaining(property + " must");
	}

	@Test
	void adviceIsAcknowledgedByName() {
		assertThat(bind(Map.of("cluster.advice.acknowledged", "http-session,scheduled")).advice().acknowledged())
			.containsExactlyInAnyOrder(Advice.Topic.HTTP_SESSION, Advice.Topic.SCHEDULED);
		assertThatExceptionOfType(BindException.class)
			.isThrownBy(() -> bind(Map.of("cluster.advice.acknowledged", "everything")))
			.havingCause()
			.withMessageContaining("everything");
	}

	private static ClusterProperties bind(Map<String, String> properties) {
		return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("cluster",
				ClusterProperties.class);
	}

}
