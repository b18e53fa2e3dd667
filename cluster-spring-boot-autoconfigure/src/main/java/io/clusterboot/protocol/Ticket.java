package io.clusterboot.protocol;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;

/**
 * Lets a worker in where the kernel does not tell the primary which process is at the
 * other end of a connection: a secret that the primary leaves in a file, beside its
 * socket, in the directory that only this user can enter. It is not seen in a command
 * line, nor inherited by what the application starts. Immutable.
 */
public final class Ticket {

	private static final int BYTES = 32;

	private static final int LENGTH = 2 * BYTES;

	private static final SecureRandom random = new SecureRandom();

	private final byte[] text;

	private Ticket(byte[] text) {
		this.text = text;
	}

	/**
	 * Leave a new ticket for a worker. One that a former worker at the same seat has not
	 * taken is replaced.
	 * @param worker who is to take it
	 * @return the ticket
	 * @throws IOException if it cannot be written
	 */
	public static Ticket issue(WorkerIdentity worker) throws IOException {
		byte[] secret = new byte[BYTES];
		random.nextBytes(secret);
		Ticket ticket = new Ticket(HexFormat.of().formatHex(secret).getBytes(StandardCharsets.US_ASCII));
		Path file = file(worker);
		Files.deleteIfExists(file);
		Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
		Files.write(file, ticket.text);
		return ticket;
	}

	/**
	 * Take the ticket that the primary has left for this process.
	 * @param worker this process
	 * @return the ticket
	 * @throws IOException if there is none
	 */
	public static Ticket take(WorkerIdentity worker) throws IOException {
		Path file = file(worker);
		Ticket ticket = new Ticket(Files.readAllBytes(file));
		Files.delete(file);
		return ticket;
	}

	private static Path file(WorkerIdentity worker) {
		return worker.socket().resolveSibling("ticket-" + worker.seat());
	}

	void present(SocketChannel channel) throws IOException {
		ByteBuffer buffer = ByteBuffer.wrap(this.text);
		while (buffer.hasRemaining()) {
			channel.write(buffer);
		}
	}

	/**
	 * Read what somebody presents, and nothing of what follows.
	 * @param channel a connected channel
	 * @param atMost longest time to wait for it
	 * @return what looks like a ticket
	 * @throws IOException if nothing of its length comes in time
	 */
	public static Ticket read(SocketChannel channel, Duration atMost) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocate(LENGTH);
		long deadline = System.nanoTime() + atMost.toNanos();
		channel.configureBlocking(false);
		try (Selector selector = Selector.open()) {
			channel.register(selector, SelectionKey.OP_READ);
			while (buffer.hasRemaining()) {
				if (channel.read(buffer) < 0) {
					throw new EOFException("it was closed before");
				}
				long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
				if (buffer.hasRemaining() && left <= 0) {
					throw new SocketTimeoutException("none came within %d ms".formatted(atMost.toMillis()));
				}
				if (buffer.hasRemaining()) {
					selector.select((key) -> {
					}, left);
				}
			}
		}
		channel.configureBlocking(true);
		return new Ticket(buffer.array());
	}

	/**
	 * Tickets with the same secret are equal. How long it takes to find out tells nothing
	 * about it.
	 */
	@Override
	public boolean equals(Object other) {
		return other instanceof Ticket ticket && MessageDigest.isEqual(this.text, ticket.text);
	}

	@Override
	public int hashCode() {
		return Ticket.class.hashCode();
	}

}
