package io.clusterboot.advice;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Callable;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionPoolAdvisor}, with a real pool over a database that answers
 * like PostgreSQL: 103 connections, of which 3 are reserved.
 */
class ConnectionPoolAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class))
		.withBean(ExistingBeans.class);

	@Test
	void poolsThatAreTooLargeTogether() {
		advisor(9, 1).withBean("orders", HikariDataSource.class, () -> pool("PostgreSQL", 10))
			.run((context) -> assertThat(context.getBean(ConnectionPoolAdvisor.class).advise()).isNull());
		advisor(10, 1).withBean("orders", HikariDataSource.class, () -> pool("PostgreSQL", 10))
			.run((context) -> assertThat(context.getBean(ConnectionPoolAdvisor.class).advise()).contains(
					"10 workers, and 1 more", "10 connections each (orders): 110 in all", "PostgreSQL allows 100",
					"maximum-pool-size=9"));
	}

	@Test
	void poolsOfOneServerAddUp() {
		advisor(4, 1).withBean("orders", HikariDataSource.class, () -> pool("PostgreSQL", 10))
			.withBean("audit", HikariDataSource.class, () -> pool("PostgreSQL", 15))
			.run((context) -> assertThat(context.getBean(ConnectionPoolAdvisor.class).advise())
				.contains("25 connections each (orders, audit): 125 in all"));
	}

	@Test
	void serverThatCannotBeAsked() {
		advisor(100, 1).withBean("orders", HikariDataSource.class, () -> pool("H2", 10))
			.run((context) -> assertThat(context.getBean(ConnectionPoolAdvisor.class).advise()).isNull());
	}

	@Test
	void noPool() {
		advisor(100, 1).withBean("orders", DataSource.class, () -> named("PostgreSQL"))
			.run((context) -> assertThat(context.getBean(ConnectionPoolAdvisor.class).advise()).isNull());
	}

	private ApplicationContextRunner advisor(int workers, int replacements) {
		return this.runner.withBean(ConnectionPoolAdvisor.class, (Callable<Integer>) () -> workers, replacements);
	}

	private static HikariDataSource pool(String product, int size) {
		HikariDataSource pool = new HikariDataSource();
		pool.setDataSource(named(product));
		pool.setMaximumPoolSize(size);
		pool.setMinimumIdle(1);
		return pool;
	}

	private static DataSource named(String product) {
		JdbcDataSource database = new JdbcDataSource();
		database.setURL("jdbc:h2:mem:limits;DB_CLOSE_DELAY=-1");
		return new DelegatingDataSource(database) {

			@Override
			public Connection getConnection() throws SQLException {
				Connection connection = super.getConnection();
				try (Statement statement = connection.createStatement()) {
					statement.execute("CREATE ALIAS IF NOT EXISTS current_setting FOR '%s.current'"
						.formatted(Settings.class.getName()));
				}
				DatabaseMetaData metaData = with(DatabaseMetaData.class, connection.getMetaData(),
						"getDatabaseProductName", product);
				return with(Connection.class, connection, "getMetaData", metaData);
			}

		};
	}

	private static <T> T with(Class<T> type, T target, String method, Object result) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, called, arguments) -> {
				try {
					return called.getName().equals(method) ? result : called.invoke(target, arguments);
				}
				catch (InvocationTargetException ex) {
					throw ex.getCause();
				}
			}));
	}

	/**
	 * The settings of the database, which calls this.
	 */
	public static final class Settings {

		private Settings() {
		}

		/**
		 * The value of a setting.
		 * @param name its name
		 * @return its value
		 */
		public static String current(String name) {
			return name.equals("max_connections") ? "103" : "3";
		}

	}

}
