package io.clusterboot.launch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.clusterboot.PortSharing;
import io.clusterboot.launch.RelaunchDecision.Loudness;
import io.clusterboot.launch.RelaunchDecision.Outcome;
import io.clusterboot.launch.RelaunchDecision.Plain;
import io.clusterboot.launch.RelaunchDecision.Relaunch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RelaunchDecision}.
 */
class RelaunchDecisionTests {

	private final SpringApplication application = new SpringApplication(RelaunchDecisionTests.class);

	private final Map<String, Object> properties = new HashMap<>();

	private final Map<String, String> springProperties = new HashMap<>();

	private final StandardEnvironment environment = new StandardEnvironment();

	private boolean worker;

	private boolean nativeImage;

	private List<StackTraceElement> stack = stack("org.springframework.boot.SpringApplication.run",
			"com.example.App.main");

	private String threadName = "main";

	private String contextClassLoader = "jdk.internal.loader.ClassLoaders$AppClassLoader";

	private boolean first = true;

	private boolean sharableServer = true;

	private boolean reactorNetty;

	private String operatingSystem = "Linux";

	private Supplier<Boolean> descriptorPassing = () -> true;

	private boolean reusePort = true;

	RelaunchDecisionTests() {
		this.application.setWebApplicationType(WebApplicationType.SERVLET);
		this.environment.getPropertySources().addFirst(new MapPropertySource("test", this.properties));
	}

	@Test
	void ordinaryApplicationIsRelaunched() {
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
	}

	@Test
	void workerRuns() {
		this.worker = true;
		assertPlain(Loudness.SILENT, "worker");
	}

	@Test
	void disabled() {
		this.properties.put("cluster.enabled", "false");
		assertPlain(Loudness.SILENT, "cluster.enabled");
	}

	@Test
	void enabledExplicitly() {
		this.properties.put("cluster.enabled", "true");
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
	}

	@Test
	void nativeImage() {
		this.nativeImage = true;
		assertPlain(Loudness.SILENT, "native image");
	}

	@Test
	void aotProcessing() {
		this.springProperties.put("spring.aot.processing", "true");
		assertPlain(Loudness.SILENT, "ahead of time");
	}

	@ParameterizedTest
	@ValueSource(strings = { "org.junit.runners.ParentRunner.run", "org.junit.platform.launcher.core.X.execute",
			"org.springframework.boot.test.context.SpringBootContextLoader.loadContext", "cucumber.runtime.Runtime.run",
			"io.cucumber.core.runtime.Runtime.run", "org.testng.TestNG.run" })
	void test(String frame) {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.main", frame,
				"com.example.Forked.main");
		assertPlain(Loudness.SILENT, "runs in a test");
	}

	@Test
	void build() {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.main",
				"org.springframework.boot.SpringApplicationAotProcessor.main", "com.example.Forked.main");
		assertPlain(Loudness.SILENT, "ahead of time");
	}

	@Test
	void thisTestRunsInATest() {
		assertThat(RelaunchDecision.of(this.application, this.environment))
			.isEqualTo(new Plain("The application runs in a test", Loudness.SILENT));
	}

	@ParameterizedTest
	@ValueSource(strings = { "spring.context.exit", "spring.context.checkpoint" })
	void trainingRun(String property) {
		this.springProperties.put(property, "onRefresh");
		assertPlain(Loudness.SILENT, "refreshed");
	}

	@Test
	void deployedInAServletContainer() {
		this.stack = stack("org.springframework.boot.SpringApplication.run",
				"org.springframework.boot.web.servlet.support.SpringBootServletInitializer.run",
				"org.apache.catalina.core.StandardContext.startInternal", "org.apache.catalina.startup.Bootstrap.main");
		assertPlain(Loudness.SILENT, "servlet container");
	}

	@Test
	void applicationThatIsNotWeb() {
		this.application.setWebApplicationType(WebApplicationType.NONE);
		assertPlain(Loudness.SILENT, "serves no requests");
	}

	@Test
	void applicationThatIsNotWebByProperty() {
		this.properties.put("spring.main.web-application-type", "none");
		assertPlain(Loudness.SILENT, "serves no requests");
	}

	@Test
	void applicationThatIsWebByProperty() {
		this.application.setWebApplicationType(WebApplicationType.NONE);
		this.properties.put("spring.main.web-application-type", "reactive");
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
	}

	@Test
	void bootstrapApplication() {
		this.first = false;
		this.environment.getPropertySources().addLast(new MapPropertySource("bootstrap", Map.of()));
		assertPlain(Loudness.SILENT, "bootstrap");
	}

	@Test
	void childOfAParent() {
		this.first = false;
		assertPlain(Loudness.WARN, "parent");
	}

	@Test
	void devToolsThread() {
		this.threadName = "restartedMain";
		assertPlain(Loudness.INFO, "spring.devtools.restart.enabled=false");
	}

	@Test
	void devToolsFrame() {
		this.stack = stack("com.example.App.main", "org.springframework.boot.devtools.restart.RestartLauncher.run");
		assertPlain(Loudness.INFO, "DevTools");
	}

	@Test
	void devToolsClassLoader() {
		this.contextClassLoader = "org.springframework.boot.devtools.restart.classloader.RestartClassLoader";
		assertPlain(Loudness.INFO, "DevTools");
	}

	@ParameterizedTest
	@CsvSource({ "JarLauncher", "WarLauncher", "PropertiesLauncher" })
	void fatJarIsRelaunched(String launcher) {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.main",
				"jdk.internal.reflect.DirectMethodHandleAccessor.invoke", "java.lang.reflect.Method.invoke",
				"org.springframework.boot.loader.launch.Launcher.launch",
				"org.springframework.boot.loader.launch." + launcher + ".main");
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
	}

	@Test
	void mainThatCallsAnotherMainIsRelaunched() {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.main",
				"com.example.Starter.start", "com.example.Starter.main");
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
	}

	@Test
	void otherThread() {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.main",
				"java.lang.reflect.Method.invoke", "org.codehaus.mojo.exec.ExecJavaMojo.run", "java.lang.Thread.run");
		assertPlain(Loudness.INFO, "main method");
	}

	@Test
	void otherThreadWithinAFatJar() {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.App.lambda$main$0",
				"java.lang.Thread.run");
		assertPlain(Loudness.INFO, "main method");
	}

	@Test
	void programThatIsNoJavaMain() {
		this.stack = stack("org.springframework.boot.SpringApplication.run", "com.example.Embedded.start");
		assertPlain(Loudness.INFO, "main method");
	}

	@Test
	void generatedByAot() {
		this.springProperties.put("spring.aot.enabled", "true");
		assertPlain(Loudness.WARN, "spring.aot.enabled");
	}

	@Test
	void windows() {
		this.operatingSystem = "Windows 11";
		this.descriptorPassing = () -> {
			throw new IllegalStateException("not to be asked here");
		};
		assertPlain(Loudness.WARN, "Windows");
	}

	@Test
	void serverThatCannotShareItsPort() {
		this.sharableServer = false;
		assertPlain(Loudness.WARN, "Tomcat, Jetty");
	}

	@Test
	void reactorNettySharesThePortOfReactiveApplicationsOnly() {
		this.sharableServer = false;
		this.reactorNetty = true;
		assertPlain(Loudness.WARN, "Reactor Netty in reactive applications");
		this.application.setWebApplicationType(WebApplicationType.REACTIVE);
		assertThat(decide()).isInstanceOf(Relaunch.class);
	}

	@Test
	void withoutNativeLibraryEachWorkerListensForItself() {
		this.descriptorPassing = () -> false;
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.REUSE_PORT));
	}

	@Test
	void platformOnWhichPortsCannotBeShared() {
		this.descriptorPassing = () -> false;
		this.reusePort = false;
		assertPlain(Loudness.WARN, "junixsocket");
	}

	@Test
	void handlesAreAskedForWithoutNativeLibrary() {
		this.properties.put("cluster.port-sharing", "handles");
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.HANDLES));
		this.descriptorPassing = () -> false;
		assertPlain(Loudness.WARN, "cluster.port-sharing is not 'handles'");
	}

	@Test
	void reusePortIsAskedFor() {
		this.properties.put("cluster.port-sharing", "reuse-port");
		this.descriptorPassing = () -> {
			throw new IllegalStateException("not to be asked here");
		};
		assertThat(decide()).isEqualTo(new Relaunch(PortSharing.REUSE_PORT));
		this.reusePort = false;
		assertPlain(Loudness.WARN, "cluster.port-sharing is 'reuse-port'");
	}

	@Test
	void applicationThatStartsFirstIsFirst() {
		FirstApplication holder = new FirstApplication();
		SpringApplication nested = new SpringApplication(RelaunchDecisionTests.class);
		holder.starting(this.application);
		holder.starting(nested);
		assertThat(holder.is(this.application)).isTrue();
		assertThat(holder.is(nested)).isFalse();
	}

	private void assertPlain(Loudness loudness, String reason) {
		assertThat(decide()).isInstanceOfSatisfying(Plain.class, (plain) -> {
			assertThat(plain.reason()).contains(reason);
			assertThat(plain.loudness()).isEqualTo(loudness);
		});
	}

	private Outcome decide() {
		return RelaunchDecision.of(this.application, this.environment,
				new Circumstances(this.worker, this.nativeImage, this.stack, this.threadName, this.contextClassLoader,
						this.springProperties::get, this.first, this.sharableServer, this.reactorNetty,
						this.operatingSystem, this.descriptorPassing, () -> this.reusePort));
	}

	private static List<StackTraceElement> stack(String... methods) {
		return Stream.of(methods)
			.map((method) -> new StackTraceElement(method.substring(0, method.lastIndexOf('.')),
					method.substring(method.lastIndexOf('.') + 1), null, -1))
			.toList();
	}

}
