package io.clusterboot.primary;

import java.nio.charset.Charset;
import java.util.List;

/**
 * The end of what a worker has printed, kept as bytes since it is rarely looked at.
 * <p>
 * Thread-safe.
 */
final class OutputTail {

	private static final int CAPACITY = 32 * 1024;

	private static final int LINES = 50;

	private final byte[] ring = new byte[CAPACITY];

	private long written;

	synchronized void add(byte[] bytes, int length) {
		int kept = Math.min(length, CAPACITY);
		int from = length - kept;
		int at = (int) ((this.written + from) % CAPACITY);
		int first = Math.min(kept, CAPACITY - at);
		System.arraycopy(bytes, from, this.ring, at, first);
		System.arraycopy(bytes, from + first, this.ring, 0, kept - first);
		this.written += length;
	}

	/**
	 * The last lines. The first of them lacks its beginning if all of them are too long
	 * to be kept.
	 * @return the lines, 50 at the most
	 */
	synchronized List<String> lines() {
		int length = (int) Math.min(this.written, CAPACITY);
		byte[] bytes = new byte[length];
		for (int i = 0; i < length; i++) {
			bytes[i] = this.ring[(int) ((this.written - length + i) % CAPACITY)];
		}
		List<String> lines = new String(bytes, Charset.defaultCharset()).lines().toList();
		return lines.subList(Math.max(0, lines.size() - LINES), lines.size());
	}

}
