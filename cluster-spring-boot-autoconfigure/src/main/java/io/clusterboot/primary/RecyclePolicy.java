package io.clusterboot.primary;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.WorkerLoad;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * Which limit a worker has reached, so that it is replaced before it does harm.
 */
final class RecyclePolicy {

	private final ClusterProperties.Recycle settings;

	RecyclePolicy(ClusterProperties.Recycle settings) {
		this.settings = settings;
	}

	/**
	 * The limit that a worker has reached.
	 * @param load how busy it was when it was last heard
	 * @param age its age
	 * @param luck number from 0 to 1 that belongs to the worker, from which its jitter
	 * follows
	 * @return the limit in words, or {@code null} if it has reached none
	 */
	@Nullable String limitReached(WorkerLoad load, Duration age, double luck) {
		double share = 1 - this.settings.jitter() * luck;
		Long maxRequests = this.settings.maxRequests();
		if (maxRequests != null && load.totalRequests() >= maxRequests * share) {
			return "has answered %d requests (cluster.recycle.max-requests=%d)".formatted(load.totalRequests(),
					maxRequests);
		}
		Duration maxAge = this.settings.maxAge();
		if (maxAge != null && age.toMillis() >= maxAge.toMillis() * share) {
			return "is %d s old (cluster.recycle.max-age=%d s)".formatted(age.toSeconds(), maxAge.toSeconds());
		}
		if (isReached(this.settings.maxHeap(), load.heapAfterGc())) {
			return "keeps %s of its heap (cluster.recycle.max-heap=%s)".formatted(megabytes(load.heapAfterGc()),
					this.settings.maxHeap());
		}
		if (isReached(this.settings.maxRss(), load.rss())) {
			return "takes %s of memory (cluster.recycle.max-rss=%s)".formatted(megabytes(load.rss()),
					this.settings.maxRss());
		}
		return null;
	}

	private static boolean isReached(@Nullable DataSize limit, long bytes) {
		return limit != null && bytes >= limit.toBytes();
	}

	private static String megabytes(long bytes) {
		return DataSize.ofBytes(bytes).toMegabytes() + " MB";
	}

}
