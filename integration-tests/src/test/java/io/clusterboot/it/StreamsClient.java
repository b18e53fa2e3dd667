package io.clusterboot.it;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.it.Http2Connection.Frame;
import io.clusterboot.it.LoadResult.Outcome;

/**
 * Opens several HTTP/2 streams at once on a kept connection. It obeys GOAWAY: it opens no
 * more streams, waits for those that the server processes, and takes the others for not
 * processed, as those that the server refuses.
 */
final class StreamsClient implements LoadClient {

	private static final String[] PATHS = { "/pid", "/slow?ms=50", "/pid" };

	private final Source source;

	private Connection connection;

	private long peer;

	StreamsClient(Source source) {
		this.source = source;
	}

	@Override
	public void exchange(Fates fates) {
		long start = System.nanoTime();
		try {
			if (this.connection != null && this.connection.isGoingAway()) {
				close();
			}
			if (this.connection == null) {
				this.connection = new Connection(this.source.open());
			}
			Batch batch = new Batch(start, fates);
			batch.open();
			batch.finish();
			if (batch.hasFailed()) {
				close();
			}
		}
		catch (IOException ex) {
			fates.failed(start, this.peer, ex);
			close();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			close();
		}
	}

	@Override
	public void close() {
		if (this.connection != null) {
			this.connection.close();
		}
		this.connection = null;
		this.peer = 0;
	}

	/**
	 * Opens connections, all alike.
	 */
	interface Source {

		Http2Connection open() throws IOException;

	}

	/**
	 * Streams that are opened together.
	 */
	private final class Batch {

		private final Map<Integer, StringBuilder> open = new TreeMap<>();

		private final Connection connection = StreamsClient.this.connection;

		private final long start;

		private final Fates fates;

		private boolean failed;

		Batch(long start, Fates fates) {
			this.start = start;
			this.fates = fates;
		}

		/**
		 * A stream that cannot be asked for any more is as one that is not answered: the
		 * frames received tell whether the server has said so in time.
		 */
		void open() {
			for (String path : PATHS) {
				int stream = this.connection.nextStream();
				this.open.put(stream, new StringBuilder());
				try {
					this.connection.http.get(stream, path);
				}
				catch (IOException ex) {
					this.connection.broken = ex;
				}
			}
		}

		void finish() throws InterruptedException {
			while (!this.open.isEmpty()) {
				Frame frame = this.connection.next();
				if (frame == Connection.SILENCE) {
					failAll(Outcome.TIMED_OUT, "no frame");
				}
				else if (frame == Connection.END) {
					failAll(Outcome.RESET, String.valueOf(this.connection.broken));
				}
				else {
					take(frame);
				}
			}
		}

		private void take(Frame frame) {
			if (frame.type() == Http2Connection.GOAWAY) {
				goAway(frame);
			}
			StringBuilder body = this.open.get(frame.stream());
			if (body == null) {
				return;
			}
			if (frame.type() == Http2Connection.RST_STREAM) {
				reset(frame);
			}
			else if (frame.type() == Http2Connection.HEADERS && !frame.isStatus200()) {
				fail(frame.stream(), Outcome.BAD_STATUS, "not 200");
			}
			else if (frame.type() == Http2Connection.DATA) {
				body.append(frame.text());
			}
			if (frame.endsStream() && this.open.remove(frame.stream()) != null) {
				answered(body.toString());
			}
		}

		private void goAway(Frame frame) {
			if (frame.errorCode() != 0) {
				failAll(Outcome.RESET, "GOAWAY with error " + frame.errorCode());
				return;
			}
			for (int stream : this.open.keySet().stream().filter((open) -> open > frame.lastStream()).toList()) {
				this.open.remove(stream);
				this.fates.other(this.start, StreamsClient.this.peer, Outcome.TURNED_AWAY, "GOAWAY");
			}
		}

		private void reset(Frame frame) {
			if (frame.resetCode() == Http2Connection.REFUSED_STREAM) {
				this.open.remove(frame.stream());
				this.fates.other(this.start, StreamsClient.this.peer, Outcome.TURNED_AWAY, "refused");
			}
			else {
				fail(frame.stream(), Outcome.RESET, "RST_STREAM with error " + frame.resetCode());
			}
		}

		private void answered(String body) {
			if (!body.matches("\\d+")) {
				this.fates.other(this.start, StreamsClient.this.peer, Outcome.WRONG_BODY, body);
				return;
			}
			long pid = Long.parseLong(body);
			this.fates.answered(this.start, StreamsClient.this.peer, pid, this.connection.goingAway);
			StreamsClient.this.peer = pid;
		}

		private void failAll(Outcome outcome, String detail) {
			for (int stream : this.open.keySet().toArray(Integer[]::new)) {
				fail(stream, outcome, detail);
			}
		}

		private void fail(int stream, Outcome outcome, String detail) {
			this.open.remove(stream);
			this.fates.other(this.start, StreamsClient.this.peer, outcome, detail);
			this.failed = true;
		}

		boolean hasFailed() {
			return this.failed;
		}

	}

	/**
	 * A connection that is read from all the time: what the server says while there is no
	 * request counts, too.
	 */
	private static final class Connection {

		static final Frame END = new Frame(-1, 0, 0, new byte[0]);

		static final Frame SILENCE = new Frame(-1, 0, 0, new byte[1]);

		private final Http2Connection http;

		private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();

		private volatile boolean goingAway;

		private volatile IOException broken;

		private int stream = -1;

		Connection(Http2Connection http) {
			this.http = http;
			Thread reader = new Thread(this::read, "load-frames");
			reader.setDaemon(true);
			reader.start();
		}

		private void read() {
			try {
				while (true) {
					Frame frame = this.http.read();
					this.goingAway |= frame.type() == Http2Connection.GOAWAY;
					this.frames.add(frame);
				}
			}
			catch (IOException ex) {
				this.broken = ex;
				this.frames.add(END);
			}
		}

		int nextStream() {
			this.stream += 2;
			return this.stream;
		}

		boolean isGoingAway() {
			return this.goingAway;
		}

		Frame next() throws InterruptedException {
			Frame frame = this.frames.poll(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
			return (frame != null) ? frame : SILENCE;
		}

		void close() {
			try {
				this.http.close();
			}
			catch (IOException ex) {
				// nothing is awaited from it any more
			}
		}

	}

}
