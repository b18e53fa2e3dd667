package io.clusterboot.it;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.clusterboot.it.LoadResult.Outcome;

/**
 * Reads streams of numbered server-sent events, one event at a time. Each ends by itself
 * after a number of events. A worker that leaves waits for that, and ends in good order
 * what it cannot wait for. The client never leaves before the end: with Jetty, Spring
 * does not learn of it, and the worker would wait for the stream.
 */
final class EventsClient extends HttpLoadClient {

	private static final int EVENTS = 20;

	private int number;

	private boolean streaming;

	private String unread = "";

	EventsClient(HttpConnection.Source source) {
		super(source);
	}

	@Override
	boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException {
		this.streaming = false;
		this.streaming = readEvent(connection, fresh, call);
		return this.streaming;
	}

	@Override
	void leave(HttpConnection connection) throws IOException {
		while (this.streaming) {
			this.streaming = nextEvent(connection) != null;
		}
	}

	private boolean readEvent(HttpConnection connection, boolean fresh, Call call) throws IOException {
		if (fresh) {
			connection.send("GET", "/series?interval=100&events=" + EVENTS, new byte[0]);
			HttpConnection.Reply head = connection.readHead();
			if (head.status() != 200 || !"chunked".equals(head.headers().get("transfer-encoding"))) {
				call.other(Outcome.BAD_STATUS, head.toString());
				return false;
			}
			this.number = 0;
			this.unread = "";
		}
		String event = nextEvent(connection);
		if (event == null) {
			call.other(Outcome.ENDED, "after event " + this.number);
			return false;
		}
		this.number++;
		String id = "id:" + this.number + "\ndata:";
		if (!event.startsWith(id)) {
			call.other(Outcome.WRONG_BODY, "'%s' as number %d".formatted(event, this.number));
			return false;
		}
		call.answered(Long.parseLong(event.substring(id.length()).trim()), false);
		if (this.number < EVENTS) {
			return true;
		}
		if (nextEvent(connection) != null) {
			call.other(Outcome.WRONG_BODY, "more than %d events".formatted(EVENTS));
		}
		return false;
	}

	/**
	 * The next event, or {@code null} if the stream has ended in good order.
	 */
	private String nextEvent(HttpConnection connection) throws IOException {
		int end = this.unread.indexOf("\n\n");
		while (end < 0) {
			byte[] chunk = connection.readChunk();
			if (chunk.length == 0) {
				if (!this.unread.isEmpty()) {
					throw new EOFException("after '" + this.unread + "'");
				}
				return null;
			}
			this.unread += new String(chunk, StandardCharsets.UTF_8);
			end = this.unread.indexOf("\n\n");
		}
		String event = this.unread.substring(0, end);
		this.unread = this.unread.substring(end + 2);
		return event;
	}

}
