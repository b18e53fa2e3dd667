package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends the head of each request in pieces, as over a bad line, on a kept connection.
 */
final class HesitantClient extends HttpLoadClient {

	private static final List<String> PIECES = List.of("GET /p", "id HTTP/1.1\r\nHo", "st: localhost\r\n", "\r\n");

	private final Random random;

	private final Duration longest;

	/**
	 * Create a client.
	 * @param source opens its connections
	 * @param random chooses the times
	 * @param longest longest time between two pieces
	 */
	HesitantClient(HttpConnection.Source source, Random random, Duration longest) {
		super(source);
		this.random = random;
		this.longest = longest;
	}

	@Override
	boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException {
		for (String piece : PIECES) {
			connection.write(piece.getBytes(StandardCharsets.US_ASCII));
			if (!piece.equals("\r\n")) {
				LockSupport.parkNanos((long) (this.random.nextDouble() * this.longest.toNanos()));
			}
		}
		HttpConnection.Reply reply = connection.read();
		return call.answered(reply, reply.body().matches("\\d+") ? reply.pid() : null);
	}

}
