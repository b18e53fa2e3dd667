package io.clusterboot.worker;

import java.time.Duration;

/**
 * The time that a drain takes.
 */
interface DrainClock {

	/**
	 * The machine's time.
	 */
	DrainClock SYSTEM = new DrainClock() {

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public void sleep(Duration duration) throws InterruptedException {
			Thread.sleep(duration.toMillis());
		}

	};

	/**
	 * The time that has passed since an arbitrary start.
	 * @return the time, in nanoseconds
	 */
	long nanoTime();

	/**
	 * Wait.
	 * @param duration for how long
	 * @throws InterruptedException if the thread is interrupted
	 */
	void sleep(Duration duration) throws InterruptedException;

}
