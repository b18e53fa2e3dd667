package io.clusterboot.advice;

import java.util.List;
import java.util.Map;

import javax.sql.DataSource;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.jdbc.EmbeddedDatabaseConnection;

/**
 * Databases that live in a worker's process.
 */
public final class EmbeddedDatabaseAdvisor implements Advisor {

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public EmbeddedDatabaseAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.EMBEDDED_DATABASE;
	}

	@Override
	public @Nullable String advise() {
		List<String> embedded = this.beans.ofType(DataSource.class)
			.entrySet()
			.stream()
			.filter((dataSource) -> EmbeddedDatabaseConnection.isEmbedded(dataSource.getValue()))
			.map(Map.Entry::getKey)
			.toList();
		return embedded.isEmpty() ? null
				: "each worker has an embedded database of its own (%s). Use one that runs as a server"
					.formatted(Names.some(embedded));
	}

}
