package io.clusterboot.redis;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.clusterboot.protocol.RedisEndpoint;

/**
 * Asks a Redis whether it is there, without a client library: the primary has none.
 */
final class RedisProbe {

	private static final int TIMEOUT = (int) Duration.ofSeconds(1).toMillis();

	private RedisProbe() {
	}

	/**
	 * Whether the Redis with this password listens, be it that it still loads its data.
	 */
	static boolean answers(RedisEndpoint endpoint) {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress(RedisEndpoint.HOST, endpoint.port()), TIMEOUT);
			socket.setSoTimeout(TIMEOUT);
			socket.getOutputStream()
				.write("AUTH %s\r\n".formatted(endpoint.password()).getBytes(StandardCharsets.US_ASCII));
			return isPositive(socket.getInputStream());
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static boolean isPositive(InputStream in) throws IOException {
		String start = new String(in.readNBytes(3), StandardCharsets.US_ASCII);
		return start.equals("+OK") || start.equals("-LO");
	}

}
