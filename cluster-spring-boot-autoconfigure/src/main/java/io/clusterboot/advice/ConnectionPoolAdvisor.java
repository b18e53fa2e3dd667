package io.clusterboot.advice;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import javax.sql.DataSource;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.jdbc.metadata.CompositeDataSourcePoolMetadataProvider;
import org.springframework.boot.jdbc.metadata.DataSourcePoolMetadata;
import org.springframework.boot.jdbc.metadata.DataSourcePoolMetadataProvider;

/**
 * Connection pools that together may ask their server for more than it has.
 */
public final class ConnectionPoolAdvisor implements Advisor {

	private final ExistingBeans beans;

	private final Callable<Integer> workers;

	private final int replacements;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 * @param workers finds out the number of workers
	 * @param replacements number of workers that a reload starts beside them
	 */
	public ConnectionPoolAdvisor(ExistingBeans beans, Callable<Integer> workers, int replacements) {
		this.beans = beans;
		this.workers = workers;
		this.replacements = replacements;
	}

	@Override
	public Topic topic() {
		return Topic.CONNECTION_POOL;
	}

	@Override
	public @Nullable String advise() throws Exception {
		DataSourcePoolMetadataProvider pools = new CompositeDataSourcePoolMetadataProvider(
				this.beans.ofType(DataSourcePoolMetadataProvider.class).values());
		Map<String, Server> servers = new LinkedHashMap<>();
		for (Map.Entry<String, DataSource> dataSource : this.beans.ofType(DataSource.class).entrySet()) {
			DataSourcePoolMetadata pool = pools.getDataSourcePoolMetadata(dataSource.getValue());
			Integer most = (pool != null) ? pool.getMax() : null;
			if (most != null && most > 0) {
				add(dataSource.getKey(), dataSource.getValue(), most, servers);
			}
		}
		int count = this.workers.call();
		List<String> overcommitted = servers.values()
			.stream()
			.filter((server) -> server.connections * (count + this.replacements) > server.limit.connections())
			.map((server) -> advise(server, count))
			.toList();
		return overcommitted.isEmpty() ? null : String.join("; ", overcommitted);
	}

	private static void add(String name, DataSource dataSource, int most, Map<String, Server> servers)
			throws SQLException {
		try (Connection connection = dataSource.getConnection()) {
			ServerLimit limit = ServerLimit.of(connection);
			if (limit != null) {
				servers.computeIfAbsent(connection.getMetaData().getURL(), (url) -> new Server(limit)).add(name, most);
			}
		}
	}

	private String advise(Server server, int count) {
		int most = count + this.replacements;
		return ("%d workers, and %d more while they are replaced, may open %d connections each (%s): %d in all, of which %s"
				+ " allows %d. Make the pool smaller, as with spring.datasource.hikari.maximum-pool-size=%d, or allow more")
			.formatted(count, this.replacements, server.connections, Names.some(server.pools),
					server.connections * most, server.limit.product(), server.limit.connections(),
					Math.max(1, server.limit.connections() / most / server.pools.size()));
	}

	/**
	 * What one worker may open of a server's connections.
	 */
	private static final class Server {

		private final ServerLimit limit;

		private final List<String> pools = new ArrayList<>();

		private long connections;

		private Server(ServerLimit limit) {
			this.limit = limit;
		}

		private void add(String pool, int most) {
			this.pools.add(pool);
			this.connections += most;
		}

	}

}
