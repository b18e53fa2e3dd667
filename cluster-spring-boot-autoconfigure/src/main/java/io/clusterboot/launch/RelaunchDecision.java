package io.clusterboot.launch;

import java.util.Arrays;

import io.clusterboot.PortSharing;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Whether the start of an application makes this process a primary, or whether the
 * application runs in this process as it would without a cluster.
 */
public final class RelaunchDecision {

	private static final FirstApplication firstApplication = new FirstApplication();

	private RelaunchDecision() {
	}

	/**
	 * Tell that an application is starting. To be called for every application, before
	 * its environment is prepared.
	 * @param application the application
	 */
	public static void starting(SpringApplication application) {
		firstApplication.starting(application);
	}

	/**
	 * Decide. To be called on the thread that runs the application, when its environment
	 * is prepared.
	 * @param application the application
	 * @param environment the application's environment
	 * @return the decision
	 * @throws org.springframework.boot.context.properties.bind.BindException if a setting
	 * that matters has no valid value
	 */
	public static Outcome of(SpringApplication application, ConfigurableEnvironment environment) {
		return of(application, environment, Circumstances.ofThisThread(firstApplication.is(application)));
	}

	static Outcome of(SpringApplication application, ConfigurableEnvironment environment, Circumstances here) {
		Start start = new Start(application, environment, here);
		return Arrays.stream(Rule.values())
			.filter((rule) -> rule.condition.applies(start))
			.findFirst()
			.<Outcome>map((rule) -> new Plain(rule.reason, rule.loudness))
			.orElseGet(() -> new Relaunch(start.usablePortSharing()));
	}

	/**
	 * What the start of an application leads to.
	 */
	public sealed interface Outcome {

	}

	/**
	 * This process becomes a primary.
	 *
	 * @param portSharing how the cluster shares ports, never {@link PortSharing#AUTO}
	 */
	public record Relaunch(PortSharing portSharing) implements Outcome {

	}

	/**
	 * The application runs in this process.
	 *
	 * @param reason why, as a sentence without a full stop
	 * @param loudness how much the user needs to hear of it
	 */
	public record Plain(String reason, Loudness loudness) implements Outcome {

	}

	/**
	 * How much the user needs to hear of a decision.
	 */
	public enum Loudness {

		/**
		 * Nothing: this is what anyone would expect.
		 */
		SILENT,

		/**
		 * It may be what the user wants.
		 */
		INFO,

		/**
		 * It is hardly what the user wants.
		 */
		WARN

	}

	/**
	 * Why an application is not relaunched. The first rule that applies counts.
	 */
	enum Rule {

		IS_WORKER("This process is a worker", Loudness.SILENT, (start) -> start.here.worker()),

		DISABLED("cluster.enabled is false", Loudness.SILENT, (start) -> !start.isEnabled()),

		NATIVE_IMAGE("A native image has no JVM to launch", Loudness.SILENT, (start) -> start.here.nativeImage()),

		AOT_PROCESSING("The application is being processed ahead of time", Loudness.SILENT,
				(start) -> start.here.isSpringPropertySet("spring.aot.processing", "true")
						|| start.here.isOnStack("org.springframework.boot.SpringApplicationAotProcessor")),

		TEST("The application runs in a test", Loudness.SILENT,
				(start) -> start.here.isOnStack("org.junit.runners.", "org.junit.platform.",
						"org.springframework.boot.test.", "org.springframework.test.context.", "cucumber.runtime.",
						"io.cucumber.", "org.testng.")),

		TRAINING_RUN("The application exits or is checkpointed once its context is refreshed", Loudness.SILENT,
				(start) -> start.here.isSpringPropertySet("spring.context.exit", "onRefresh")
						|| start.here.isSpringPropertySet("spring.context.checkpoint", "onRefresh")),

		EXTERNAL_CONTAINER("The application is deployed in a servlet container", Loudness.SILENT,
				(start) -> start.here
					.isOnStack("org.springframework.boot.web.servlet.support.SpringBootServletInitializer")),

		NOT_WEB("The application serves no requests, and its work is not to be done several times", Loudness.SILENT,
				(start) -> start.webApplicationType() == WebApplicationType.NONE),

		BOOTSTRAP("This is Spring Cloud's bootstrap application", Loudness.SILENT,
				(start) -> !start.here.first() && start.environment.getPropertySources().contains("bootstrap")),

		DEVTOOLS(
				"No cluster: DevTools restarts the application within this process. "
						+ "For a cluster, start with -Dspring.devtools.restart.enabled=false",
				Loudness.INFO,
				(start) -> start.here.threadName().equals("restartedMain")
						|| start.here.isOnStack("org.springframework.boot.devtools.restart.RestartLauncher")
						|| start.here.contextClassLoader().endsWith(".RestartClassLoader")),

		NOT_FIRST("No cluster: another SpringApplication, a parent for instance, started before this one in the same "
				+ "JVM. Only the first can be relaunched", Loudness.WARN, (start) -> !start.here.first()),

		NOT_MAIN("No cluster: the application was not started from the main method of this JVM, so that it cannot be "
				+ "relaunched", Loudness.INFO, (start) -> !start.here.isWithinMain()),

		AOT_GENERATED(
				"No cluster: the application's beans were decided ahead of time (spring.aot.enabled), without "
						+ "those of a worker. Start without spring.aot.enabled",
				Loudness.WARN, (start) -> start.here.isSpringPropertySet("spring.aot.enabled", "true")),

		NO_SHARABLE_SERVER(
				"No cluster: of the web servers only Tomcat, Jetty, and Reactor Netty in reactive applications, can "
						+ "share their port with other processes",
				Loudness.WARN, (start) -> !start.hasSharableServer()),

		WINDOWS("No cluster: on Windows, processes cannot share a port in the way that it needs", Loudness.WARN,
				(start) -> start.here.isWindows()),

		NO_DESCRIPTOR_PASSING(
				"No cluster: junixsocket has no native library for this platform, or it cannot be loaded (is "
						+ "java.io.tmpdir mounted noexec?). Without it only Linux lets processes share a port, if "
						+ "cluster.port-sharing is not 'handles'",
				Loudness.WARN,
				(start) -> start.portSharing() != PortSharing.REUSE_PORT && !start.isPortSharingUsable()),

		NO_REUSE_PORT("No cluster: cluster.port-sharing is 'reuse-port', but only Linux spreads connections over "
				+ "processes with SO_REUSEPORT", Loudness.WARN, (start) -> !start.isPortSharingUsable());

		private final String reason;

		private final Loudness loudness;

		private final Condition condition;

		Rule(String reason, Loudness loudness, Condition condition) {
			this.reason = reason;
			this.loudness = loudness;
			this.condition = condition;
		}

	}

	@FunctionalInterface
	private interface Condition {

		boolean applies(Start start);

	}

	private record Start(SpringApplication application, ConfigurableEnvironment environment, Circumstances here) {

		boolean isEnabled() {
			return Binder.get(this.environment).bind("cluster.enabled", Boolean.class).orElse(true);
		}

		boolean hasSharableServer() {
			return this.here.sharableServer()
					|| this.here.reactorNetty() && webApplicationType() == WebApplicationType.REACTIVE;
		}

		PortSharing portSharing() {
			return Binder.get(this.environment)
				.bind("cluster.port-sharing", PortSharing.class)
				.orElse(PortSharing.AUTO);
		}

		/**
		 * The way that is asked for. There is no choice but one where none is asked for.
		 */
		PortSharing usablePortSharing() {
			PortSharing asked = portSharing();
			if (asked != PortSharing.AUTO) {
				return asked;
			}
			return this.here.descriptorPassing().get() ? PortSharing.HANDLES : PortSharing.REUSE_PORT;
		}

		boolean isPortSharingUsable() {
			return (usablePortSharing() == PortSharing.HANDLES) ? this.here.descriptorPassing().get()
					: this.here.reusePort().get();
		}

		@Nullable WebApplicationType webApplicationType() {
			// the application itself has not bound its properties yet
			return Binder.get(this.environment)
				.bind("spring.main.web-application-type", WebApplicationType.class)
				.orElse(this.application.getWebApplicationType());
		}

	}

}
