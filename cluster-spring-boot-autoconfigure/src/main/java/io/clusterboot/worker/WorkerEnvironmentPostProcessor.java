package io.clusterboot.worker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.logging.LogFile;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Adapts the application's environment where workers would get into each other's way or
 * could not be told apart. Runs after the configuration files have been read and before
 * logging is set up.
 */
class WorkerEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

	private static final String ACCESS_LOG = "server.tomcat.accesslog.";

	private static final String JETTY_ACCESS_LOG = "server.jetty.accesslog.filename";

	private static final String INSTANCE_ID = "management.opentelemetry.resource-attributes[service.instance.id]";

	private static final String LEVEL_PATTERN = "logging.pattern.level";

	@Override
	public int getOrder() {
		return ConfigDataEnvironmentPostProcessor.ORDER + 1;
	}

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		WorkerIdentity identity = WorkerIdentity.ofThisProcess();
		if (identity == null) {
			return;
		}
		Map<String, Object> overrides = new HashMap<>();
		// The level is the one part of Boot's patterns that can be set on its own, in
		// every
		// logging system, and to which something can be added without replacing what is
		// there.
		overrides.put(LEVEL_PATTERN,
				"%s [%s]".formatted(environment.getProperty(LEVEL_PATTERN, "%5p"), identity.name()));
		// The worker drains before its context closes; to wait again would only double
		// the time.
		overrides.put("server.shutdown", "immediate");
		String file = logFile(environment);
		if (file != null) {
			overrides.put(LogFile.FILE_NAME_PROPERTY, perWorker(file, identity));
		}
		if (environment.getProperty(ACCESS_LOG + "enabled", Boolean.class, false)) {
			overrides.put(ACCESS_LOG + "prefix",
					environment.getProperty(ACCESS_LOG + "prefix", "access_log") + ".worker-" + identity.seat());
		}
		String jettyAccessLog = environment.getProperty(JETTY_ACCESS_LOG);
		if (StringUtils.hasLength(jettyAccessLog)) {
			overrides.put(JETTY_ACCESS_LOG, perWorker(jettyAccessLog, identity));
		}
		environment.getPropertySources().addFirst(new MapPropertySource("clusterWorker", overrides));
		Map<String, Object> defaults = new HashMap<>();
		defaults.put("logging.structured.json.add.worker", identity.name());
		// OpenTelemetry wants what no other process has, wherever it runs. A worker and
		// its
		// replacement report side by side, so the index would not do.
		defaults.put(INSTANCE_ID, identity.name() + "-" + UUID.randomUUID());
		// what the first worker has started is used by all, also when that one has left
		defaults.put("spring.docker.compose.lifecycle-management", "start-only");
		if (identity.id() > 1) {
			defaults.put("spring.main.banner-mode", "off");
		}
		environment.getPropertySources().addLast(new MapPropertySource("clusterWorkerDefaults", defaults));
	}

	private static @Nullable String logFile(ConfigurableEnvironment environment) {
		String file = environment.getProperty(LogFile.FILE_NAME_PROPERTY);
		if (StringUtils.hasLength(file)) {
			return file;
		}
		String path = environment.getProperty(LogFile.FILE_PATH_PROPERTY);
		return StringUtils.hasLength(path) ? Path.of(path, "spring.log").toString() : null;
	}

	/**
	 * Two processes that write and roll one file lose lines. The file is named after the
	 * seat, not after the id, so that the number of files stays bounded.
	 */
	static String perWorker(String file, WorkerIdentity identity) {
		String extension = StringUtils.getFilenameExtension(file);
		String suffix = (extension != null) ? "." + extension : "";
		return file.substring(0, file.length() - suffix.length()) + ".worker-" + identity.seat() + suffix;
	}

}
