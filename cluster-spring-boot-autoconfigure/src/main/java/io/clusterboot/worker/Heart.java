package io.clusterboot.worker;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.clusterboot.protocol.FromWorker;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Beats on a thread of its own: tells the primary that this JVM is alive and how busy it
 * is, and looks for requests that are stuck.
 */
final class Heart {

	private static final Log logger = LogFactory.getLog(Heart.class);

	private final PrimaryLink link;

	private final RequestTracker requests;

	private final LoadMeter meter;

	private final @Nullable Duration requestTimeout;

	private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "cluster-heartbeat");
		thread.setDaemon(true);
		return thread;
	});

	Heart(PrimaryLink link, RequestTracker requests, LoadMeter meter, @Nullable Duration requestTimeout) {
		this.link = link;
		this.requests = requests;
		this.meter = meter;
		this.requestTimeout = requestTimeout;
	}

	void start(Duration interval) {
		this.scheduler.scheduleAtFixedRate(this::beat, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
	}

	void stop() {
		this.scheduler.shutdown();
	}

	private void beat() {
		try {
			if (!this.link.isCongested()) {
				this.link.send(new FromWorker.Heartbeat(this.meter.measure()));
			}
			if (this.requestTimeout != null) {
				this.requests.newlyStuck(this.requestTimeout).forEach(this::reportStuck);
			}
		}
		catch (RuntimeException | LinkageError ex) {
			// a scheduled task that throws is not run again, and its worker would be
			// killed
			logger.warn("A heartbeat failed", ex);
		}
	}

	private void reportStuck(RequestTracker.Ticket request) {
		Thread thread = request.thread();
		if (thread == null) {
			return;
		}
		String stack = Arrays.stream(thread.getStackTrace())
			.map((frame) -> System.lineSeparator() + "\tat " + frame)
			.collect(Collectors.joining());
		logger.warn("A request has held thread '%s' for %d ms, longer than cluster.worker.request-timeout:%s"
			.formatted(thread.getName(), request.age().toMillis(), stack));
		this.link.send(new FromWorker.RequestStuck(request.age()));
	}

}
