package io.clusterboot.worker;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.OperatingSystemMXBean;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;

import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.WorkerLoad;
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

	private final IntSupplier connections;

	private final @Nullable Duration requestTimeout;

	private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "cluster-heartbeat");
		thread.setDaemon(true);
		return thread;
	});

	Heart(PrimaryLink link, RequestTracker requests, IntSupplier connections, @Nullable Duration requestTimeout) {
		this.link = link;
		this.requests = requests;
		this.connections = connections;
		this.requestTimeout = requestTimeout;
	}

	void start(Duration interval) {
		this.scheduler.scheduleAtFixedRate(this::beat, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
	}

	private void beat() {
		try {
			if (!this.link.isCongested()) {
				this.link.send(new FromWorker.Heartbeat(load()));
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

	private WorkerLoad load() {
		MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
		return new WorkerLoad(this.requests.active(), this.requests.total(), this.connections.getAsInt(),
				heap.getUsed(), heap.getMax(), cpu(), ManagementFactory.getThreadMXBean().getThreadCount());
	}

	private static double cpu() {
		try {
			OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
			return (system instanceof com.sun.management.OperatingSystemMXBean hotspot) ? hotspot.getProcessCpuLoad()
					: -1;
		}
		catch (NoClassDefFoundError ex) {
			// a runtime without the module jdk.management
			return -1;
		}
	}

}
