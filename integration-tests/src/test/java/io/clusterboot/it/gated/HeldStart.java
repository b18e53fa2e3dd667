package io.clusterboot.it.gated;

import java.nio.file.Files;
import java.nio.file.Path;

import org.springframework.boot.ApplicationRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Holds a worker in its start while there is a file, whose name the property
 * {@code app.start-held} has. What is to be seen while a worker is missing can then be
 * looked at for as long as that takes.
 */
@Configuration(proxyBeanMethods = false)
public class HeldStart {

	@Bean
	ApplicationRunner startGate(Environment environment) {
		Path file = Path.of(environment.getRequiredProperty("app.start-held"));
		return (arguments) -> {
			while (Files.exists(file)) {
				Thread.sleep(20);
			}
		};
	}

}
