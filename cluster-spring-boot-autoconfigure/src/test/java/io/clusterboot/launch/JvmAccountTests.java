package io.clusterboot.launch;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link JvmAccount}.
 */
class JvmAccountTests {

	@Test
	void mainClassWithClassPath() {
		JavaArguments arguments = arguments(List.of("-Xmx1g"),
				Map.of("sun.java.command", "com.example.Main a b", "java.class.path", "x:y"));
		assertThat(arguments.toList()).containsExactly("-Xmx1g", "-cp", "x:y", "com.example.Main", "a", "b");
	}

	@Test
	void jarWithSpacesInItsName() {
		JavaArguments arguments = arguments(List.of(),
				Map.of("sun.java.command", "/my apps/app.jar a", "java.class.path", "/my apps/app.jar"));
		assertThat(arguments.toList()).containsExactly("-jar", "/my apps/app.jar", "a");
	}

	@Test
	void module() {
		JavaArguments arguments = arguments(List.of("--module-path=mods", "-Djdk.module.main=app"),
				Map.of("sun.java.command", "app/com.example.Main", "java.class.path", "", "jdk.module.main", "app"));
		assertThat(arguments.toList()).containsExactly("--module-path=mods", "-m", "app/com.example.Main");
	}

	@Test
	void jvmThatWasNotLaunchedIsAnError() {
		assertThatIllegalStateException().isThrownBy(() -> arguments(List.of(), Map.of()))
			.withMessageContaining("cluster.enabled=false");
	}

	private static JavaArguments arguments(List<String> inputArguments, Map<String, String> properties) {
		return new JvmAccount(inputArguments, properties::get).arguments();
	}

}
