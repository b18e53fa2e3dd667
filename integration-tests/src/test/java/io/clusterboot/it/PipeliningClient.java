package io.clusterboot.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.clusterboot.it.LoadResult.Outcome;

/**
 * Sends several requests at once on a kept connection, then reads the answers. The
 * requests are numbered, and so are the answers.
 */
final class PipeliningClient extends HttpLoadClient {

	private static final int BATCH = 5;

	private int sent;

	private int answered;

	PipeliningClient(HttpConnection.Source source) {
		super(source);
	}

	@Override
	boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException {
		connection.write(batch());
		boolean open = true;
		while (open && this.answered < this.sent) {
			HttpConnection.Reply reply = connection.read();
			this.answered++;
			String[] words = reply.body().split(" ", 2);
			boolean right = words.length == 2 && words[1].equals(Integer.toString(this.answered));
			open = call.answered(reply, right ? Long.valueOf(words[0]) : null);
		}
		for (; this.answered < this.sent; this.answered++) {
			call.other(Outcome.LOST_PIPELINED, "%d of them unanswered".formatted(this.sent - this.answered));
		}
		return open;
	}

	private byte[] batch() {
		ByteArrayOutputStream requests = new ByteArrayOutputStream();
		for (int i = 0; i < BATCH; i++) {
			this.sent++;
			requests.writeBytes("GET /number?n=%d&ms=5 HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(this.sent)
				.getBytes(StandardCharsets.US_ASCII));
		}
		return requests.toByteArray();
	}

	/**
	 * All that wait for an answer fail with the connection.
	 */
	@Override
	void failed(Call call, IOException failure) {
		if (this.answered == this.sent) {
			call.failed(failure);
		}
		for (; this.answered < this.sent; this.answered++) {
			call.failed(failure);
		}
	}

}
