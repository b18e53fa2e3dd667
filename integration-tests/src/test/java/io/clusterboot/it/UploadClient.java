package io.clusterboot.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends a body in pieces, for a while, with a length announced or in chunks, on a kept
 * connection. The answer has to tell its length and hash.
 */
final class UploadClient extends HttpLoadClient {

	private static final int PIECES = 15;

	private static final int LARGEST_PIECE = 20_000;

	private final Random random;

	private final Duration least;

	private final Duration most;

	/**
	 * Create a client.
	 * @param source opens its connections
	 * @param random chooses sizes and times
	 * @param least time that an upload takes at least
	 * @param most time that an upload takes at most
	 */
	UploadClient(HttpConnection.Source source, Random random, Duration least, Duration most) {
		super(source);
		this.random = random;
		this.least = least;
		this.most = most;
	}

	@Override
	boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException {
		byte[] body = new byte[PIECES * (1 + this.random.nextInt(LARGEST_PIECE))];
		this.random.nextBytes(body);
		upload(body, this.random.nextBoolean(), connection);
		HttpConnection.Reply reply = connection.read();
		String[] words = reply.body().split(" ", 2);
		boolean right = words.length == 2 && words[1].equals(body.length + " " + digest(body));
		return call.answered(reply, right ? Long.valueOf(words[0]) : null);
	}

	private void upload(byte[] body, boolean chunked, HttpConnection connection) throws IOException {
		int piece = body.length / PIECES;
		long range = this.most.minus(this.least).toNanos();
		long pause = (this.least.toNanos() + (long) (this.random.nextDouble() * range)) / PIECES;
		long start = System.nanoTime();
		connection.write("POST /digest HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n"
			.formatted(chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + body.length)
			.getBytes(StandardCharsets.US_ASCII));
		for (int i = 0; i < PIECES; i++) {
			LockSupport.parkNanos(start + (i + 1) * pause - System.nanoTime());
			ByteArrayOutputStream message = new ByteArrayOutputStream();
			if (chunked) {
				message.writeBytes("%x\r\n".formatted(piece).getBytes(StandardCharsets.US_ASCII));
			}
			message.write(body, i * piece, piece);
			if (chunked) {
				message.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
			}
			connection.write(message.toByteArray());
		}
		if (chunked) {
			connection.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		}
	}

	private static String digest(byte[] body) {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
