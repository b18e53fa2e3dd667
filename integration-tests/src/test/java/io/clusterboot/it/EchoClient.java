package io.clusterboot.it;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.clusterboot.it.LoadResult.Outcome;

/**
 * Has its messages echoed over a WebSocket. It ends the session by itself after a number
 * of messages, as a worker that leaves waits for it to do, and connects again, as it does
 * when the server goes away.
 */
final class EchoClient implements LoadClient {

	/**
	 * Going away, and restarting.
	 */
	private static final Set<String> GOOD_ENDS = Set.of("closed with 1001", "closed with 1012");

	private static final int MESSAGES = 25;

	private final HttpClient client;

	private final int port;

	private Echoes echoes;

	private WebSocket socket;

	private long peer;

	private int number;

	private int echoed;

	EchoClient(HttpClient client, int port) {
		this.client = client;
		this.port = port;
	}

	@Override
	public void exchange(Fates fates) {
		endIfClosed(fates);
		long start = System.nanoTime();
		String message = "message-" + ++this.number;
		try {
			if (this.socket == null) {
				this.echoes = new Echoes();
				this.socket = this.echoes.connect(this.client, this.port);
			}
			send(message);
			record(start, message, this.echoes.next(), fates);
			if (this.echoed == MESSAGES) {
				endSession(fates);
			}
		}
		catch (TimeoutException ex) {
			failed(start, Outcome.TIMED_OUT, "no connection in time", fates);
		}
		catch (ExecutionException ex) {
			Throwable cause = ex.getCause();
			fates.failed(start, this.peer, (cause instanceof IOException failure) ? failure : new IOException(cause));
			close();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			close();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void endSession(Fates fates) throws Exception {
		long start = System.nanoTime();
		this.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
		String received = this.echoes.next();
		if (!("closed with " + WebSocket.NORMAL_CLOSURE).equals(received)) {
			fates.other(start, this.peer, GOOD_ENDS.contains(received) ? Outcome.ENDED : Outcome.BAD_CLOSE,
					"closed, and answered with " + received);
		}
		forget();
	}

	/**
	 * The server has gone away since the last message.
	 */
	private void endIfClosed(Fates fates) {
		String received = (this.echoes != null) ? this.echoes.received() : null;
		if (received != null) {
			long now = System.nanoTime();
			if (GOOD_ENDS.contains(received)) {
				fates.other(now, this.peer, Outcome.ENDED, received);
			}
			else {
				fates.other(now, this.peer, Outcome.BAD_CLOSE, received);
			}
			close();
		}
	}

	/**
	 * What cannot be sent is not answered: how the connection ended has been received.
	 */
	private void send(String message) throws InterruptedException, TimeoutException {
		try {
			this.socket.sendText(message, true).get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
		}
		catch (ExecutionException ex) {
			if (!(ex.getCause() instanceof IOException)) {
				throw new IllegalStateException(ex);
			}
		}
	}

	private void record(long start, String message, String received, Fates fates) {
		if (received == null) {
			failed(start, Outcome.TIMED_OUT, "no echo", fates);
		}
		else if (received.endsWith(" " + message)) {
			long pid = Long.parseLong(received.substring(0, received.indexOf(' ')));
			fates.answered(start, this.peer, pid, false);
			this.peer = pid;
			this.echoed++;
		}
		else if (GOOD_ENDS.contains(received)) {
			failed(start, Outcome.TURNED_AWAY, received, fates);
		}
		else {
			boolean ended = received.startsWith("closed with ") || received.startsWith("failed with ");
			failed(start, ended ? Outcome.BAD_CLOSE : Outcome.WRONG_BODY, received, fates);
		}
	}

	private void failed(long start, Outcome outcome, String detail, Fates fates) {
		fates.other(start, this.peer, outcome, detail);
		close();
	}

	@Override
	public void close() {
		if (this.socket != null) {
			this.socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
		}
		forget();
	}

	private void forget() {
		this.socket = null;
		this.echoes = null;
		this.echoed = 0;
		this.peer = 0;
	}

}
