package io.clusterboot.it.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.springframework.boot.SpringApplication;
import org.springframework.core.env.Environment;

/**
 * The application of the port tests, which exits early in its start while the file exists
 * that {@code app.exit-on-start} names, with the exit code that the file contains.
 */
public final class ExitingApplication {

	private ExitingApplication() {
	}

	public static void main(String[] args) {
		SpringApplication application = new SpringApplication(PortsApplication.class);
		application.addInitializers((context) -> exitIfAsked(context.getEnvironment()));
		application.run(args);
	}

	private static void exitIfAsked(Environment environment) {
		Path file = Path.of(environment.getRequiredProperty("app.exit-on-start"));
		try {
			if (Files.exists(file)) {
				System.exit(Integer.parseInt(Files.readString(file).trim()));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
