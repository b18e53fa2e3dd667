package io.clusterboot.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.clusterboot.actuate.ClusterEndpoint;
import io.clusterboot.event.ClusterEventPublisher;
import io.clusterboot.event.ClusterInfo;
import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.messaging.MessageNotDeliveredException;
import io.clusterboot.scheduling.OncePerClusterPostProcessor;
import io.clusterboot.task.ClusterTask;
import io.clusterboot.task.ClusterTaskExecutor;
import io.clusterboot.worker.WorkerAgent;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the auto-configuration where there is no cluster; in workers it is tested
 * with real ones.
 */
class ClusterAutoConfigurationTests {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ClusterAutoConfiguration.class, ClusterEndpointAutoConfiguration.class,
				ClusterHealthContributorAutoConfiguration.class, ClusterMessagingAutoConfiguration.class,
				ClusterEventAutoConfiguration.class, OncePerClusterAutoConfiguration.class))
		.withPropertyValues("management.endpoints.web.exposure.include=cluster");

	@Test
	void applicationWithoutAClusterIsAWorkerThatIsAlone() {
		this.contextRunner.withBean(Echo.class).run((context) -> {
			assertThat(context.getBeanFactory().containsSingleton("clusterMessageExchange")).as("is lazy").isFalse();
			ClusterMessaging messaging = context.getBean(ClusterMessaging.class);
			messaging.broadcast("nobody", "hears it");
			assertThat(messaging.request(1, "echo", List.of(1, 2), String.class, TIMEOUT)).succeedsWithin(TIMEOUT)
				.isEqualTo("[1, 2] from 1");
			assertThatExceptionOfType(MessageNotDeliveredException.class)
				.isThrownBy(() -> messaging.sendToPrimary("topic", 1))
				.withMessageContaining("does not run as a cluster");
			ClusterTaskExecutor executor = context.getBean(ClusterTaskExecutor.class);
			assertThat(executor.map("twice", List.of(1, 2, 3), Integer.class)).succeedsWithin(TIMEOUT)
				.isEqualTo(List.of(2, 4, 6));
		});
	}

	@Test
	void applicationWithoutAClusterIsItsOwnLeader() {
		this.contextRunner.run((context) -> {
			ClusterInfo info = context.getBean(ClusterInfo.class);
			assertThat(info.id()).isEqualTo(1);
			assertThat(info.isLeader()).isTrue();
			assertThat(info.members()).singleElement()
				.satisfies((member) -> assertThat(member.pid()).isEqualTo(ProcessHandle.current().pid()));
		});
	}

	@Test
	void twoTasksOfOneNameEndTheStartOfAWorkerAndTheFirstUseElsewhere() {
		this.contextRunner.withBean(Echo.class)
			.withBean("other", Echo.class)
			.run((context) -> assertThat(context.getBean(ClusterTaskExecutor.class).submit("twice", 1, Integer.class))
				.failsWithin(TIMEOUT)
				.withThrowableThat()
				.withMessageContaining("two @ClusterTask methods of the name 'twice'"));
	}

	@Test
	void addsNothingOutsideOfAWorker() {
		this.contextRunner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(WorkerAgent.class)
			.doesNotHaveBean(ClusterEndpoint.class)
			.doesNotHaveBean(ClusterEventPublisher.class)
			.doesNotHaveBean(OncePerClusterPostProcessor.class)
			.doesNotHaveBean("clusterHealthIndicator"));
	}

	static class Echo {

		@ClusterMessageListener(topic = "echo")
		String echo(List<Integer> numbers, ClusterMessage message) {
			return numbers + " from " + message.sender();
		}

		@ClusterTask("twice")
		int twice(int number) {
			return 2 * number;
		}

	}

}
