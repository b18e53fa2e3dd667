package io.clusterboot.advice;

import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EmbeddedDatabaseAdvisor}, with a real database.
 */
class EmbeddedDatabaseAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class))
		.withBean(ExistingBeans.class)
		.withBean(EmbeddedDatabaseAdvisor.class);

	@Test
	void databaseInMemory() {
		this.runner.run((context) -> assertThat(context.getBean(EmbeddedDatabaseAdvisor.class).advise())
			.contains("(dataSource)"));
	}

	@Test
	void databaseThatCanBeShared(@TempDir Path directory) {
		this.runner
			.withPropertyValues("spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";AUTO_SERVER=TRUE")
			.run((context) -> assertThat(context.getBean(EmbeddedDatabaseAdvisor.class).advise()).isNull());
	}

}
