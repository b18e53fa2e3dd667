package io.clusterboot.worker;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Accepts from shared sockets as servers do, on threads of their own.
 */
final class Acceptors {

	/**
	 * Long enough for what should not happen to happen. On a slow machine it may come
	 * later, and is not noticed: no test fails because of that.
	 */
	static final Duration SHORT = Duration.ofMillis(300);

	private Acceptors() {
	}

	static List<SocketChannel> acceptAll(SharedServerSocket socket) {
		List<SocketChannel> all = new ArrayList<>();
		for (SocketChannel next = acceptNow(socket); next != null; next = acceptNow(socket)) {
			all.add(next);
		}
		return all;
	}

	static CompletableFuture<SocketChannel> accept(SharedServerSocket socket) {
		CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
		Thread thread = new Thread(() -> accepted.complete(acceptNow(socket)));
		thread.setDaemon(true);
		thread.start();
		return accepted;
	}

	private static SocketChannel acceptNow(SharedServerSocket socket) {
		try {
			return socket.accept();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static void assertWaits(CompletableFuture<SocketChannel> accepted) {
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> accepted.get(SHORT.toMillis(), TimeUnit.MILLISECONDS));
	}

	static void assertPeer(CompletableFuture<SocketChannel> accepted, SocketChannel client) throws Exception {
		try (SocketChannel connection = accepted.get(3, TimeUnit.MINUTES)) {
			assertThat(connection.isBlocking()).isTrue();
			assertThat(connection.getRemoteAddress()).isEqualTo(client.getLocalAddress());
		}
	}

}
