package io.clusterboot.worker;

import java.nio.file.Path;
import java.util.Map;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.WorkerIdentity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WorkerEnvironmentPostProcessor}.
 */
class WorkerEnvironmentPostProcessorTests {

	@AfterEach
	void forgetIdentity() {
		System.getProperties().keySet().removeIf((name) -> name.toString().startsWith("io.clusterboot.worker."));
	}

	@Test
	void outsideOfAWorkerNothingChanges() {
		StandardEnvironment environment = new StandardEnvironment();
		int sources = environment.getPropertySources().size();
		new WorkerEnvironmentPostProcessor().postProcessEnvironment(environment, new SpringApplication());
		assertThat(environment.getPropertySources()).hasSize(sources);
	}

	@Test
	void theWorkersNameIsAddedToTheLevelOfTheLogPattern() {
		assertThat(process(3, 1, Map.of()).getProperty("logging.pattern.level")).isEqualTo("%5p [worker-3]");
		assertThat(process(3, 1, Map.of("logging.pattern.level", "%p x")).getProperty("logging.pattern.level"))
			.isEqualTo("%p x [worker-3]");
	}

	@Test
	void filesAreNamedAfterTheSeat() {
		assertThat(process(7, 2, Map.of("logging.file.name", "logs/app.log")).getProperty("logging.file.name"))
			.isEqualTo("logs/app.worker-2.log");
		assertThat(process(7, 2, Map.of("logging.file.name", "v1.0/app")).getProperty("logging.file.name"))
			.isEqualTo("v1.0/app.worker-2");
		assertThat(process(7, 2, Map.of("logging.file.path", "/var/log")).getProperty("logging.file.name"))
			.isEqualTo("/var/log/spring.worker-2.log");
		assertThat(process(7, 2, Map.of()).getProperty("logging.file.name")).isNull();
	}

	@Test
	void tomcatsAccessLogIsTheWorkersOwn() {
		String prefix = "server.tomcat.accesslog.prefix";
		assertThat(process(1, 1, Map.of()).getProperty(prefix)).isNull();
		assertThat(process(1, 1, Map.of("server.tomcat.accesslog.enabled", "true")).getProperty(prefix))
			.isEqualTo("access_log.worker-1");
		assertThat(process(1, 1, Map.of("server.tomcat.accesslog.enabled", "true", prefix, "a")).getProperty(prefix))
			.isEqualTo("a.worker-1");
	}

	@Test
	void jettysAccessLogIsTheWorkersOwn() {
		String filename = "server.jetty.accesslog.filename";
		assertThat(process(1, 1, Map.of()).getProperty(filename)).isNull();
		assertThat(process(1, 1, Map.of(filename, "logs/access.log")).getProperty(filename))
			.isEqualTo("logs/access.worker-1.log");
	}

	@Test
	void aWorkerHasDrainedBeforeItsContextCloses() {
		assertThat(process(1, 1, Map.of("server.shutdown", "graceful")).getProperty("server.shutdown"))
			.isEqualTo("immediate");
	}

	@Test
	void onlyTheFirstWorkerPrintsTheBannerUnlessTheUserSaysOtherwise() {
		String mode = "spring.main.banner-mode";
		assertThat(process(1, 1, Map.of()).getProperty(mode)).isNull();
		assertThat(process(2, 2, Map.of()).getProperty(mode)).isEqualTo("off");
		assertThat(process(2, 2, Map.of(mode, "log")).getProperty(mode)).isEqualTo("log");
	}

	@Test
	void noWorkerStopsTheServicesOfDockerComposeUnlessTheUserSaysOtherwise() {
		String management = "spring.docker.compose.lifecycle-management";
		assertThat(process(1, 1, Map.of()).getProperty(management)).isEqualTo("start-only");
		assertThat(process(1, 1, Map.of(management, "none")).getProperty(management)).isEqualTo("none");
	}

	@Test
	void eachWorkerIsAnInstanceOfTheServiceUnlessTheUserSaysOtherwise() {
		String instance = resourceAttributes(Map.of()).get("service.instance.id");
		assertThat(instance).startsWith("worker-3-");
		assertThat(resourceAttributes(Map.of())).doesNotContainValue(instance);
		assertThat(resourceAttributes(Map.of("management.opentelemetry.resource-attributes.service.instance.id", "mine",
				"management.opentelemetry.resource-attributes.team", "ours")))
			.containsExactlyInAnyOrderEntriesOf(Map.of("service.instance.id", "mine", "team", "ours"));
	}

	private static Map<String, String> resourceAttributes(Map<String, Object> properties) {
		return Binder.get(process(3, 1, properties))
			.bind("management.opentelemetry.resource-attributes", Bindable.mapOf(String.class, String.class))
			.get();
	}

	private static Environment process(int id, int seat, Map<String, Object> properties) {
		for (String option : new WorkerIdentity(id, 0, seat, 0, Path.of("/unused"), PortSharing.HANDLES)
			.toJvmOptions()) {
			String[] property = option.substring("-D".length()).split("=", 2);
			System.setProperty(property[0], property[1]);
		}
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addLast(new MapPropertySource("application", properties));
		new WorkerEnvironmentPostProcessor().postProcessEnvironment(environment, new SpringApplication());
		return environment;
	}

}
