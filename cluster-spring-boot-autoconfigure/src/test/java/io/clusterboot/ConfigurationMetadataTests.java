package io.clusterboot;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What editors show of the {@code cluster.*} properties.
 */
class ConfigurationMetadataTests {

	private static final Set<String> WITHOUT_DEFAULT = Set.of("cluster.advice.acknowledged", "cluster.max-workers",
			"cluster.name", "cluster.nodes.accept-commands", "cluster.primary.port", "cluster.redis.embedded.data-dir",
			"cluster.recycle.max-age", "cluster.recycle.max-heap", "cluster.recycle.max-requests",
			"cluster.recycle.max-rss", "cluster.staging.directory", "cluster.worker.environment",
			"cluster.worker.environment-file", "cluster.tasks.threads", "cluster.worker.jvm-args",
			"cluster.worker.request-timeout");

	private final List<JsonNode> properties;

	ConfigurationMetadataTests() throws IOException {
		this.properties = read("properties");
	}

	@Test
	void everyPropertyIsDescribedByBootsRules() {
		assertThat(this.properties).isNotEmpty()
			.allSatisfy((property) -> assertThat(property.path("description").asString(""))
				.as(property.path("name").asString())
				.matches("[A-Z].*\\.")
				.doesNotStartWith("The ")
				.doesNotStartWith("A ")
				.doesNotContain("{@", "<")
				.doesNotContainIgnoringCase("default"));
	}

	@Test
	void everySwitchSaysWhetherOrEnable() {
		assertThat(this.properties)
			.filteredOn((property) -> "java.lang.Boolean".equals(property.path("type").asString()))
			.isNotEmpty()
			.allSatisfy(
					(property) -> assertThat(property.path("description").asString("")).matches("(Whether|Enable) .*"));
	}

	@Test
	void everyPropertyHasADefaultUnlessItCannotHaveOne() {
		assertThat(this.properties).filteredOn((property) -> !property.has("defaultValue"))
			.extracting((property) -> property.path("name").asString())
			.containsExactlyInAnyOrderElementsOf(WITHOUT_DEFAULT);
	}

	@Test
	void numberOfWorkersOffersAutoAndTakesAnything() throws IOException {
		assertThat(read("hints")).filteredOn((hint) -> "cluster.workers".equals(hint.path("name").asString()))
			.singleElement()
			.satisfies((hint) -> {
				assertThat(hint.path("values").valueStream().map((value) -> value.path("value").asString()))
					.containsExactly("auto", "1", "2", "4", "8");
				assertThat(hint.at("/providers/0/name").asString()).isEqualTo("any");
			});
	}

	private static List<JsonNode> read(String section) throws IOException {
		List<JsonNode> nodes = new ArrayList<>();
		for (URL url : Collections.list(ConfigurationMetadataTests.class.getClassLoader()
			.getResources("META-INF/spring-configuration-metadata.json"))) {
			try (InputStream in = url.openStream()) {
				JsonMapper.shared().readTree(in).path(section).forEach(nodes::add);
			}
		}
		nodes.removeIf((node) -> !node.path("name").asString("").startsWith("cluster."));
		return nodes;
	}

}
