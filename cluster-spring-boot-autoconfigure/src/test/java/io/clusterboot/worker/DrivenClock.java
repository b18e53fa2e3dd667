package io.clusterboot.worker;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Time that passes only when a test wants it. Who sleeps looks at it again soon.
 */
final class DrivenClock implements DrainClock {

	private final AtomicLong nanos = new AtomicLong();

	private volatile boolean free;

	/**
	 * Let time pass.
	 * @param duration how much
	 */
	void advance(Duration duration) {
		this.nanos.addAndGet(duration.toNanos());
	}

	/**
	 * Let it run, and so fast that nothing waits any more.
	 */
	void runFree() {
		this.free = true;
	}

	@Override
	public long nanoTime() {
		return this.nanos.get();
	}

	@Override
	public void sleep(Duration duration) throws InterruptedException {
		Thread.sleep(1);
		if (this.free) {
			advance(Duration.ofHours(1));
		}
	}

}
