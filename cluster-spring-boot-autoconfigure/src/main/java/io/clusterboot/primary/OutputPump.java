package io.clusterboot.primary;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;

/**
 * Copies what a worker prints to the primary's own output, in whole lines, so that the
 * lines of workers never mix. What a worker wrote in one piece, such as a stack trace,
 * stays in one piece as far as the pipe keeps it so.
 */
final class OutputPump {

	/** Longest line that is kept whole. */
	private static final int MAX_LINE = 1024 * 1024;

	private static final int CHUNK = 64 * 1024;

	private final InputStream from;

	private final PrintStream to;

	private final OutputTail tail;

	private final Thread thread;

	private byte[] buffer = new byte[CHUNK];

	private int length;

	private OutputPump(String name, InputStream from, PrintStream to, OutputTail tail) {
		this.from = from;
		this.to = to;
		this.tail = tail;
		this.thread = new Thread(this::copy, name);
		this.thread.setDaemon(true);
	}

	static OutputPump start(String name, InputStream from, PrintStream to, OutputTail tail) {
		OutputPump pump = new OutputPump(name, from, to, tail);
		pump.thread.start();
		return pump;
	}

	/**
	 * Wait until all that the worker printed has been copied.
	 * @param atMost longest time to wait: a process that the worker left behind keeps its
	 * output open
	 */
	void await(Duration atMost) {
		try {
			this.thread.join(atMost.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void copy() {
		try (this.from) {
			int read;
			while ((read = this.from.read(this.buffer, this.length, this.buffer.length - this.length)) >= 0) {
				int end = endOfLastLine(this.length, read);
				this.length += read;
				if (end > 0) {
					print(end);
				}
				else if (this.length == this.buffer.length) {
					makeRoom();
				}
			}
		}
		catch (IOException ex) {
			// the worker is gone; what it printed before has been read
		}
		if (this.length > 0) {
			this.buffer = Arrays.copyOf(this.buffer, this.length + 1);
			this.buffer[this.length++] = '\n';
			print(this.length);
		}
	}

	private int endOfLastLine(int from, int read) {
		for (int i = from + read; i > from; i--) {
			if (this.buffer[i - 1] == '\n') {
				return i;
			}
		}
		return 0;
	}

	private void makeRoom() {
		if (this.buffer.length < MAX_LINE) {
			this.buffer = Arrays.copyOf(this.buffer, this.buffer.length * 2);
		}
		else {
			print(this.length);
		}
	}

	private void print(int end) {
		this.tail.add(this.buffer, end);
		this.to.write(this.buffer, 0, end);
		this.to.flush();
		System.arraycopy(this.buffer, end, this.buffer, 0, this.length - end);
		this.length -= end;
	}

}
