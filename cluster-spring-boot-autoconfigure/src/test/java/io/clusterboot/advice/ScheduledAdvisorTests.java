package io.clusterboot.advice;

import io.clusterboot.scheduling.OncePerCluster;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ScheduledAdvisor}.
 */
class ScheduledAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withBean(ExistingBeans.class)
		.withBean(ScheduledAdvisor.class);

	@Test
	void methodsThatEachWorkerRuns() {
		this.runner.withUserConfiguration(Scheduling.class)
			.withBean(Jobs.class)
			.run((context) -> assertThat(context.getBean(ScheduledAdvisor.class).advise())
				.contains("Jobs.nightly", "Jobs.often", "Jobs.reactive", "@OncePerCluster", "ShedLock")
				.doesNotContain("Jobs.once", "Jobs.locked", "Jobs.off"));
	}

	@Test
	void schedulingThatIsNotEnabled() {
		this.runner.withBean(Jobs.class)
			.run((context) -> assertThat(context.getBean(ScheduledAdvisor.class).advise()).isNull());
	}

	@Test
	void noMethods() {
		this.runner.withUserConfiguration(Scheduling.class)
			.run((context) -> assertThat(context.getBean(ScheduledAdvisor.class).advise()).isNull());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	static class Jobs {

		@Scheduled(cron = "0 0 3 1 1 *")
		void nightly() {
		}

		@Scheduled(fixedDelay = 1_000_000, initialDelay = 1_000_000)
		@Scheduled(cron = "0 0 3 1 1 *")
		void often() {
		}

		@Scheduled(fixedDelay = 1_000_000, initialDelay = 1_000_000)
		Mono<Void> reactive() {
			return Mono.empty();
		}

		@OncePerCluster
		@Scheduled(cron = "0 0 3 1 1 *")
		void once() {
		}

		@SchedulerLock(name = "locked")
		@Scheduled(cron = "0 0 3 1 1 *")
		void locked() {
		}

		@Scheduled(cron = "${off:-}")
		void off() {
		}

	}

}
