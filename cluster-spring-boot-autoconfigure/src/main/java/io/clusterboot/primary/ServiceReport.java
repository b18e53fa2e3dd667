package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.os.ServiceManager;
import org.jspecify.annotations.Nullable;

/**
 * What the service manager is told of the cluster. Belongs to the supervisor's thread.
 */
final class ServiceReport {

	private final ServiceManager manager;

	private final @Nullable Duration watchdogInterval;

	private boolean started;

	private String status = "";

	private long lastSign;

	ServiceReport(ServiceManager manager) {
		this.manager = manager;
		this.watchdogInterval = manager.watchdogInterval();
	}

	/**
	 * The loop goes round. The service is ready as soon as somebody accepts.
	 * @param ready number of workers that accept connections
	 * @param configured number of workers that there should be
	 * @param now the time
	 */
	void tick(int ready, int configured, long now) {
		String current = "%d of %d workers ready".formatted(ready, configured);
		if (!this.started && ready > 0) {
			this.started = true;
			this.manager.ready(current);
		}
		else if (!current.equals(this.status)) {
			this.manager.status(current);
		}
		this.status = current;
		if (this.watchdogInterval != null && now - this.lastSign >= this.watchdogInterval.toNanos()) {
			this.lastSign = now;
			this.manager.watchdog();
		}
	}

	void reloading(String reload) {
		this.manager.reloading(reload);
	}

	/**
	 * A reload is over. The service is ready whatever became of it.
	 * @param outcome what did
	 */
	void reloaded(String outcome) {
		this.manager.ready("%s. %s".formatted(this.status, outcome));
	}

	void stopping(String reason) {
		this.manager.stopping(reason);
	}

}
