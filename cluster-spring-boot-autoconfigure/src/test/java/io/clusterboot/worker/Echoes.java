package io.clusterboot.worker;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What a WebSocket client receives from the echo handler.
 */
final class Echoes implements WebSocket.Listener {

	private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

	private final StringBuilder part = new StringBuilder();

	/**
	 * Connect.
	 * @param port the port
	 * @return the socket, whose messages come here
	 */
	WebSocket connect(int port) throws Exception {
		return HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.buildAsync(URI.create("ws://127.0.0.1:" + port + "/echo"), this)
			.get(PlayedPrimary.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
		this.part.append(data);
		if (last) {
			this.messages.add(this.part.toString());
			this.part.setLength(0);
		}
		socket.request(1);
		return null;
	}

	@Override
	public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
		this.messages.add("closed with " + status);
		return null;
	}

	@Override
	public void onError(WebSocket socket, Throwable failure) {
		this.messages.add("failed with " + failure);
	}

	/**
	 * The next message, or how the connection ended.
	 */
	String next() throws InterruptedException {
		return this.messages.poll(PlayedPrimary.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
	}

}
