package io.clusterboot.advice;

import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.quartz.autoconfigure.QuartzAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link QuartzAdvisor}, with real schedulers.
 */
class QuartzAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class, QuartzAutoConfiguration.class))
		.withBean(ExistingBeans.class)
		.withBean(QuartzAdvisor.class);

	@Test
	void jobsInMemory() {
		this.runner.run((context) -> assertThat(context.getBean(QuartzAdvisor.class).advise())
			.contains("quartzScheduler, RAMJobStore", "isClustered"));
	}

	@Test
	void jobsInADatabaseOfWhichEachSchedulerTakesThatItIsAlone() {
		this.runner
			.withPropertyValues("spring.quartz.job-store-type=jdbc", "spring.quartz.jdbc.initialize-schema=always")
			.run((context) -> assertThat(context.getBean(QuartzAdvisor.class).advise())
				.contains("LocalDataSourceJobStore"));
	}

	@Test
	void schedulersThatKnowOfEachOther() {
		this.runner
			.withPropertyValues("spring.quartz.job-store-type=jdbc", "spring.quartz.jdbc.initialize-schema=always",
					"spring.quartz.properties.org.quartz.jobStore.isClustered=true",
					"spring.quartz.properties.org.quartz.scheduler.instanceId=AUTO")
			.run((context) -> assertThat(context.getBean(QuartzAdvisor.class).advise()).isNull());
	}

}
