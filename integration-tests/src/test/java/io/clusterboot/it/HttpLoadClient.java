package io.clusterboot.it;

import java.io.IOException;

import io.clusterboot.it.LoadResult.Outcome;

/**
 * A client that keeps an HTTP/1.1 connection for as long as it can, and connects again
 * when it has to.
 */
abstract class HttpLoadClient implements LoadClient {

	private final HttpConnection.Source source;

	private HttpConnection connection;

	private long peer;

	/**
	 * Create a client.
	 * @param source opens its connections
	 */
	HttpLoadClient(HttpConnection.Source source) {
		this.source = source;
	}

	@Override
	public final void exchange(Fates fates) {
		Call call = new Call(System.nanoTime(), fates);
		try {
			boolean fresh = this.connection == null;
			if (fresh) {
				this.connection = this.source.open();
			}
			if (!exchange(this.connection, fresh, call)) {
				close();
			}
		}
		catch (IOException ex) {
			failed(call, ex);
			close();
		}
	}

	/**
	 * Do it once more.
	 * @param connection where
	 * @param fresh whether nothing has been sent on it yet
	 * @param call takes what becomes of it
	 * @return whether the connection can be used further
	 */
	abstract boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException;

	/**
	 * The connection has failed.
	 * @param call takes what became of it
	 * @param failure why
	 */
	void failed(Call call, IOException failure) {
		call.failed(failure);
	}

	/**
	 * The connection is about to be closed by the client.
	 * @param connection the connection
	 * @throws IOException if it has failed, which does not matter any more
	 */
	void leave(HttpConnection connection) throws IOException {
	}

	@Override
	public void close() {
		try {
			if (this.connection != null) {
				leave(this.connection);
			}
		}
		catch (IOException ex) {
			// nothing is awaited from it any more
		}
		HttpConnection.closeQuietly(this.connection);
		this.connection = null;
		this.peer = 0;
	}

	/**
	 * Something that is sent, and that is answered in one way or another.
	 */
	final class Call {

		private final long start;

		private final Fates fates;

		private Call(long start, Fates fates) {
			this.start = start;
			this.fates = fates;
		}

		/**
		 * Take a reply for the right answer, unless its status says otherwise.
		 * @param reply the reply
		 * @param pid tells who answered, or is {@code null} if the body is wrong
		 * @return whether the connection can be used further
		 */
		boolean answered(HttpConnection.Reply reply, Long pid) {
			if (reply.status() != 200) {
				other(Outcome.BAD_STATUS, Integer.toString(reply.status()));
			}
			else if (pid == null) {
				other(Outcome.WRONG_BODY, reply.body());
			}
			else {
				answered(pid, reply.closes());
			}
			return !reply.closes();
		}

		void answered(long pid, boolean closes) {
			this.fates.answered(this.start, HttpLoadClient.this.peer, pid, closes);
			HttpLoadClient.this.peer = pid;
		}

		void other(Outcome outcome, String detail) {
			this.fates.other(this.start, HttpLoadClient.this.peer, outcome, detail);
		}

		void failed(IOException failure) {
			this.fates.failed(this.start, HttpLoadClient.this.peer, failure);
		}

	}

}
