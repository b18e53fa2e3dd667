package io.clusterboot.worker;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.stream.Stream;

import io.clusterboot.balancing.ClusterLoad;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.WorkerLoad;

/**
 * Measures how busy this worker is and how much memory it takes.
 */
final class LoadMeter {

	private static final Path STATUS = Path.of("/proc/self/status");

	private static final String RSS = "VmRSS:";

	private static final long KILOBYTE = 1024;

	private final RequestTracker requests;

	private final IntSupplier connections;

	private final ClusterLoad reported;

	private final List<MemoryPoolMXBean> heapPools = ManagementFactory.getMemoryPoolMXBeans()
		.stream()
		.filter((pool) -> pool.getType() == MemoryType.HEAP)
		.toList();

	LoadMeter(RequestTracker requests, IntSupplier connections, ClusterLoad reported) {
		this.requests = requests;
		this.connections = connections;
		this.reported = reported;
	}

	/**
	 * Measure what takes no time to measure.
	 */
	Busyness busyness() {
		return new Busyness(this.connections.getAsInt(), this.requests.active(), this.reported.reported());
	}

	WorkerLoad measure() {
		MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
		return new WorkerLoad(this.requests.active(), this.requests.total(), this.requests.oldest(),
				this.connections.getAsInt(), heap.getUsed(), heapAfterGc(), heap.getMax(), rss(), cpu(),
				ManagementFactory.getThreadMXBean().getThreadCount(), this.reported.reported());
	}

	private long heapAfterGc() {
		return this.heapPools.stream()
			.map(MemoryPoolMXBean::getCollectionUsage)
			.filter(Objects::nonNull)
			.mapToLong(MemoryUsage::getUsed)
			.sum();
	}

	private static long rss() {
		try (Stream<String> lines = Files.lines(STATUS)) {
			return lines.filter((line) -> line.startsWith(RSS))
				.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")) * KILOBYTE)
				.findFirst()
				.orElse(0);
		}
		catch (IOException ex) {
			// not Linux
			return 0;
		}
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
