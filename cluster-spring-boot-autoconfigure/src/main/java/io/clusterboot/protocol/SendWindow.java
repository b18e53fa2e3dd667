package io.clusterboot.protocol;

/**
 * How much may be written without waiting for the peer, however long that does not read:
 * what it has not read yet is at most what has been written since the last message of
 * which it has said that it came.
 * <p>
 * Whoever writes has to hold a lock; any thread may say that something came.
 */
final class SendWindow {

	/** The kernel charges a message with more than its bytes. */
	private static final int OVERHEAD = 2048;

	private final int size;

	private long written;

	private volatile long awaited;

	private volatile long read;

	/**
	 * Create a window.
	 * @param size bytes that fit into the socket of a peer that does not read
	 */
	SendWindow(int size) {
		this.size = size;
	}

	/**
	 * Whether a message can be written without waiting for the peer.
	 * @param length length of the message
	 * @return whether it is certain to fit
	 */
	boolean fits(int length) {
		return this.written - this.read + charge(length) <= this.size;
	}

	/**
	 * A message is about to be written.
	 * @param length its length
	 */
	void write(int length) {
		this.written += charge(length);
	}

	/**
	 * The peer is going to say that the message came which was written last.
	 */
	void await() {
		this.awaited = this.written;
	}

	/**
	 * The peer says that the message came which was awaited last, and with it all before.
	 */
	void read() {
		this.read = this.awaited;
	}

	private static long charge(int length) {
		return (long) length + OVERHEAD;
	}

}
