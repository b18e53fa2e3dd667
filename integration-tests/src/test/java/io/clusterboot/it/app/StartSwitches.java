package io.clusterboot.it.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;

/**
 * Ways for the application to start badly, each switched on by a property that names a
 * file: {@code app.start-gate} waits until the file exists, {@code app.fail-on-start} and
 * {@code app.hang-on-start} fail and hang while it does.
 */
@Configuration(proxyBeanMethods = false)
class StartSwitches {

	@Bean
	ApplicationRunner startSwitch(Environment environment) {
		return (arguments) -> {
			String gate = environment.getProperty("app.start-gate");
			if (gate != null) {
				FileGate.awaitFile(Path.of(gate), Duration.ofMinutes(5));
			}
			if (exists(environment.getProperty("app.fail-on-start"))) {
				throw new IllegalStateException("asked to fail at start");
			}
			while (exists(environment.getProperty("app.hang-on-start"))) {
				Thread.sleep(100);
			}
		};
	}

	private static boolean exists(String file) {
		return file != null && Files.exists(Path.of(file));
	}

	/**
	 * Refuses traffic while the file {@code refuse-PID} exists in the directory that
	 * {@code app.readiness-directory} names: a worker that takes no connections cannot be
	 * told over HTTP to take them again.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty("app.readiness-directory")
	static class ReadinessSwitch {

		private final ApplicationContext context;

		private final Path file;

		ReadinessSwitch(ApplicationContext context, Environment environment) {
			this.context = context;
			this.file = Path.of(environment.getRequiredProperty("app.readiness-directory"),
					"refuse-" + ProcessHandle.current().pid());
		}

		@EventListener(ApplicationReadyEvent.class)
		void watch() {
			Thread watcher = new Thread(this::follow, "readiness-switch");
			watcher.setDaemon(true);
			watcher.start();
		}

		private void follow() {
			boolean refusing = false;
			while (true) {
				boolean refuse = Files.exists(this.file);
				if (refuse != refusing) {
					refusing = refuse;
					AvailabilityChangeEvent.publish(this.context,
							refuse ? ReadinessState.REFUSING_TRAFFIC : ReadinessState.ACCEPTING_TRAFFIC);
				}
				try {
					Thread.sleep(10);
				}
				catch (InterruptedException ex) {
					return;
				}
			}
		}

	}

}
