package io.clusterboot.messaging;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one after the other, in the order in which they come, on the threads of
 * another executor, and takes none of these while there is nothing to run. Thread-safe.
 */
final class SerialExecutor implements Executor {

	private static final Log logger = LogFactory.getLog(SerialExecutor.class);

	private final Executor threads;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private boolean running;

	SerialExecutor(Executor threads) {
		this.threads = threads;
	}

	@Override
	public synchronized void execute(Runnable task) {
		this.tasks.add(task);
		if (!this.running) {
			this.running = true;
			this.threads.execute(this::runAll);
		}
	}

	private void runAll() {
		for (Runnable task = next(); task != null; task = next()) {
			run(task);
		}
	}

	/**
	 * What fails must not keep what waits behind it from being run.
	 */
	private static void run(Runnable task) {
		try {
			task.run();
		}
		catch (Throwable ex) {
			logger.error("A message could not be handled", ex);
		}
	}

	private synchronized @Nullable Runnable next() {
		Runnable task = this.tasks.poll();
		this.running = task != null;
		return task;
	}

}
