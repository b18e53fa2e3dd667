package io.clusterboot.advice;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How many connections a database server allows.
 *
 * @param product what the server is called
 * @param connections the number
 */
record ServerLimit(String product, long connections) {

	private static final String MYSQL = "SELECT @@max_connections";

	/**
	 * By product. PostgreSQL keeps some for superusers.
	 */
	private static final Map<String, String> QUERIES = Map.of("PostgreSQL",
			"SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int",
			"MySQL", MYSQL, "MariaDB", MYSQL);

	private static final int TIMEOUT_SECONDS = 2;

	/**
	 * Ask a server.
	 * @param connection a connection to it
	 * @return its limit, or {@code null} if it is a server that cannot be asked
	 * @throws SQLException if it does not answer
	 */
	static @Nullable ServerLimit of(Connection connection) throws SQLException {
		String product = connection.getMetaData().getDatabaseProductName();
		String query = QUERIES.get(product);
		if (query == null) {
			return null;
		}
		try (Statement statement = connection.createStatement()) {
			statement.setQueryTimeout(TIMEOUT_SECONDS);
			try (ResultSet result = statement.executeQuery(query)) {
				result.next();
				return new ServerLimit(product, result.getLong(1));
			}
		}
	}

}
