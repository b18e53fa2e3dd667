package io.clusterboot.it;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import io.clusterboot.it.app.OtherThreadApplication;
import io.clusterboot.it.app.ParentAndChildApplication;
import io.clusterboot.it.app.PortsApplication;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.UseMainMethod;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where a relaunch would surprise, the starter does nothing.
 */
class InertTests {

	private static final String LOOPBACK = "server.address=127.0.0.1";

	/** Spring Security is on the class path for the sake of another test. */
	private static final String OPEN = "spring.autoconfigure.exclude="
			+ "org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration,"
			+ "org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration,"
			+ "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration";

	private static final Set<ProcessHandle> others = new HashSet<>();

	/**
	 * Tests that ran in this process before may have left something running.
	 */
	@BeforeAll
	static void rememberOtherProcesses() {
		ProcessHandle.current().descendants().forEach(others::add);
	}

	private static void assertPlain(ConfigurableApplicationContext context, int port) throws Exception {
		Stream<String> beans = Stream.of(context.getBeanFactory().getSingletonNames())
			.map(context::getType)
			.filter(Objects::nonNull)
			.map(Class::getName)
			.filter((type) -> type.startsWith("io.clusterboot.") && !type.startsWith("io.clusterboot.it."));
		assertThat(beans).as("beans that have been created").isEmpty();
		try (HttpConnection connection = HttpConnection.open(port, Deadlines.EVENT)) {
			assertThat(connection.get("/pid").pid()).isEqualTo(ProcessHandle.current().pid());
			assertThat(connection.get("/actuator/cluster").status()).isEqualTo(404);
		}
		assertThat(ProcessHandle.current().descendants().filter((process) -> !others.contains(process))).isEmpty();
	}

	/**
	 * A test of the application.
	 */
	@Nested
	@SpringBootTest(classes = PortsApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT,
			properties = { LOOPBACK, OPEN })
	class SpringBootTests {

		@Autowired
		private ConfigurableApplicationContext context;

		@LocalServerPort
		private int port;

		@Test
		void testOfTheApplicationRunsIt() throws Exception {
			assertPlain(this.context, this.port);
		}

	}

	/**
	 * A test that calls the application's main method.
	 */
	@Nested
	@SpringBootTest(classes = PortsApplication.class, useMainMethod = UseMainMethod.ALWAYS,
			webEnvironment = WebEnvironment.RANDOM_PORT, properties = { LOOPBACK, OPEN })
	class SpringBootTestsWithMainMethod {

		@Autowired
		private ConfigurableApplicationContext context;

		@LocalServerPort
		private int port;

		@Test
		void testThroughTheMainMethodRunsTheApplication() throws Exception {
			assertPlain(this.context, this.port);
		}

	}

	/**
	 * Main methods that do more than to run one application.
	 */
	@Nested
	@DisabledIfSystemProperty(named = "test.server", matches = "netty",
			disabledReason = "the applications are made of servlets")
	@ExtendWith(PrintOutputOnFailure.class)
	class Processes {

		private static List<String> clusterLines(ClusterProcess application) {
			return application.output().lines().stream().filter((line) -> line.contains("No cluster")).toList();
		}

		private static void assertOneProcess(ClusterProcess application) {
			application.awaitReady(0);
			assertThat(application.allPids()).containsExactly(application.pid());
			LoadGenerator.on(application.port())
				.requests(10)
				.timeout(Deadlines.EVENT)
				.duration(Deadlines.EVENT)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(List.of(application.pid()));
		}

		@Test
		void childOfAParentContextIsNotRelaunchedAndSaysSoOnce() {
			try (ClusterProcess application = ClusterProcess.application(ParentAndChildApplication.class).start()) {
				assertOneProcess(application);
				assertThat(clusterLines(application)).singleElement()
					.asString()
					.contains(" WARN ")
					.contains("another SpringApplication");
			}
		}

		@Test
		void applicationOfAnotherThreadIsNotRelaunched() {
			try (ClusterProcess application = ClusterProcess.application(OtherThreadApplication.class).start()) {
				assertOneProcess(application);
				assertThat(clusterLines(application)).singleElement()
					.asString()
					.contains(" INFO ")
					.contains("main method");
			}
		}

	}

}
