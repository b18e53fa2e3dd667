package io.clusterboot.autoconfigure;

import io.clusterboot.ClusterProperties;
import io.clusterboot.launch.RelaunchDecision;
import io.clusterboot.primary.Primary;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.worker.RuntimeFiles;
import io.clusterboot.worker.WorkerAgent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.ansi.AnsiColor;
import org.springframework.boot.ansi.AnsiOutput;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.event.ApplicationStartingEvent;
import org.springframework.boot.context.event.SpringApplicationEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.util.StringUtils;

/**
 * Decides what this process is, as soon as the application's configuration is known and
 * logging works: a worker, the primary, from which {@link SpringApplication#run} never
 * returns, or the plain application.
 */
class ClusterApplicationListener implements ApplicationListener<SpringApplicationEvent>, Ordered {

	/** Spring Cloud's application within the application, which has other properties. */
	private static final String BOOTSTRAP = "bootstrap";

	private static final String ANSI = "spring.output.ansi.enabled";

	private static final Log logger = LogFactory.getLog(ClusterApplicationListener.class);

	@Override
	public int getOrder() {
		return LoggingApplicationListener.DEFAULT_ORDER + 1;
	}

	@Override
	public void onApplicationEvent(SpringApplicationEvent event) {
		if (event instanceof ApplicationStartingEvent) {
			RelaunchDecision.starting(event.getSpringApplication());
			RuntimeFiles.use();
		}
		else if (event instanceof ApplicationEnvironmentPreparedEvent prepared) {
			prepared(prepared.getSpringApplication(), prepared.getEnvironment());
		}
	}

	private void prepared(SpringApplication application, ConfigurableEnvironment environment) {
		WorkerIdentity identity = WorkerIdentity.ofThisProcess();
		if (identity != null && environment.getPropertySources().contains(BOOTSTRAP)) {
			return;
		}
		if (identity != null) {
			WorkerAgent.start(identity, properties(environment));
			return;
		}
		RelaunchDecision.Outcome outcome = RelaunchDecision.of(application, environment);
		if (outcome instanceof RelaunchDecision.Plain plain) {
			report(plain);
		}
		else if (outcome instanceof RelaunchDecision.Relaunch relaunch) {
			System.exit(Primary.run(withColours(properties(environment), environment), relaunch.portSharing()));
		}
	}

	private static void report(RelaunchDecision.Plain plain) {
		switch (plain.loudness()) {
			case SILENT -> logger.debug(plain.reason());
			case INFO -> logger.info(plain.reason());
			case WARN -> logger.warn(plain.reason());
		}
	}

	/**
	 * A worker writes to a pipe and would see no terminal. It is the primary's terminal
	 * that counts.
	 */
	private static ClusterProperties withColours(ClusterProperties properties, ConfigurableEnvironment environment) {
		boolean coloured = StringUtils.hasLength(AnsiOutput.encode(AnsiColor.DEFAULT));
		return (coloured && !environment.containsProperty(ANSI)) ? properties.withWorkerJvmArg("-D" + ANSI + "=always")
				: properties;
	}

	private static ClusterProperties properties(ConfigurableEnvironment environment) {
		return Binder.get(environment).bindOrCreate("cluster", ClusterProperties.class);
	}

}
