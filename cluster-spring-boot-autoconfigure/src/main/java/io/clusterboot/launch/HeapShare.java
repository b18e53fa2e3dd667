package io.clusterboot.launch;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * How much heap each worker may have. Left alone, every worker would take a quarter of
 * the memory, and more than three of them all of it.
 */
final class HeapShare {

	private static final Pattern HEAP_OPTION = Pattern
		.compile("(?:-Xmx|-mx|-XX:MaxHeapSize=)(.*)|-XX:(?:MaxRAMPercentage|MaxRAMFraction|MaxRAM)=.*");

	private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kKmMgGtT]?)");

	private static final BigDecimal DEFAULT_PERCENTAGE = BigDecimal.valueOf(25);

	private static final BigDecimal SHARED_PERCENTAGE = BigDecimal.valueOf(75);

	private final @Nullable VmFlags flags;

	private final List<String> workerOptions;

	/**
	 * Create a share.
	 * @param flags what this JVM says about itself, if it does
	 * @param workerOptions options that only workers have
	 */
	HeapShare(@Nullable VmFlags flags, List<String> workerOptions) {
		this.flags = flags;
		this.workerOptions = workerOptions;
	}

	List<String> options(int workers) {
		if (!isShared()) {
			return List.of();
		}
		String percentage = percentage(workers).toPlainString();
		return List.of("-XX:MaxRAMPercentage=" + percentage, "-XX:MinRAMPercentage=" + percentage);
	}

	private boolean isShared() {
		return this.flags != null && !this.flags.heapChosen() && !isHeapOptionGiven();
	}

	/**
	 * One more share is for a replacement, which starts while its predecessor still runs.
	 */
	private static BigDecimal percentage(int workers) {
		BigDecimal share = SHARED_PERCENTAGE.divide(BigDecimal.valueOf(workers + 1L), 2, RoundingMode.DOWN);
		return share.min(DEFAULT_PERCENTAGE).setScale(2, RoundingMode.DOWN);
	}

	List<String> warnings(int workers) {
		if (this.flags == null || this.flags.memory() <= 0 || heap() <= 0) {
			return List.of();
		}
		if (heap() <= this.flags.memory() / workers) {
			return List.of();
		}
		return List.of("%d workers with a heap of up to %d MB each can outgrow the %d MB of memory: ".formatted(workers,
				megabytes(heap()), megabytes(this.flags.memory()))
				+ "lower the heap or cluster.workers, or leave the heap to the cluster");
	}

	/**
	 * A heap that has been given cannot be taken back while its process runs.
	 */
	List<String> notesOnGrowth(int before, int workers) {
		if (!isShared() || percentage(workers).compareTo(percentage(before)) >= 0) {
			return List.of();
		}
		return List.of("New workers get a heap of up to %s%% of the memory. Those that run keep theirs, of up to %s%%, "
			.formatted(percentage(workers), percentage(before)) + "until a reload: make sure that there is enough");
	}

	private boolean isHeapOptionGiven() {
		return this.workerOptions.stream().anyMatch((option) -> HEAP_OPTION.matcher(option).matches());
	}

	/**
	 * The heap that the user chose for each worker, or 0.
	 */
	private long heap() {
		long heap = (this.flags != null && this.flags.heapChosen()) ? this.flags.maxHeap() : 0;
		for (String option : this.workerOptions) {
			Matcher matcher = HEAP_OPTION.matcher(option);
			if (matcher.matches()) {
				heap = (matcher.group(1) != null) ? bytes(matcher.group(1)) : 0;
			}
		}
		return heap;
	}

	private static long bytes(String size) {
		Matcher matcher = SIZE.matcher(size);
		if (!matcher.matches()) {
			return 0;
		}
		long factor = switch (matcher.group(2)) {
			case "k", "K" -> 1L << 10;
			case "m", "M" -> 1L << 20;
			case "g", "G" -> 1L << 30;
			case "t", "T" -> 1L << 40;
			default -> 1;
		};
		return Long.parseLong(matcher.group(1)) * factor;
	}

	private static long megabytes(long bytes) {
		return bytes >> 20;
	}

}
