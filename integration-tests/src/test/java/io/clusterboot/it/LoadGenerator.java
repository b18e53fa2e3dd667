package io.clusterboot.it;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.clusterboot.it.LoadResult.Exchange;
import io.clusterboot.it.LoadResult.Outcome;

import static org.awaitility.Awaitility.await;

/**
 * Sends requests to a port, bounded in number and in time, and records the fate of each.
 * Nothing is ever repeated.
 */
public final class LoadGenerator {

	private final int port;

	private String path = "/pid";

	private Pattern body = Pattern.compile("^(\\d+)$");

	private int clients = 4;

	private int requests = Integer.MAX_VALUE;

	private Duration duration = Duration.ofSeconds(30);

	private Duration timeout = Duration.ofSeconds(10);

	private Duration pause = Duration.ZERO;

	private boolean keepAlive;

	private LoadGenerator(int port) {
		this.port = port;
	}

	public static LoadGenerator on(int port) {
		return new LoadGenerator(port);
	}

	/**
	 * What is asked for, and what a right answer looks like.
	 * @param path the path
	 * @param body pattern of the body; its first group is the pid of the process that
	 * answered
	 * @return this
	 */
	public LoadGenerator get(String path, String body) {
		this.path = path;
		this.body = Pattern.compile(body);
		return this;
	}

	public LoadGenerator clients(int clients) {
		this.clients = clients;
		return this;
	}

	/**
	 * Number of requests of all clients together.
	 * @param requests the number
	 * @return this
	 */
	public LoadGenerator requests(int requests) {
		this.requests = requests;
		return this;
	}

	/**
	 * Time after which no further request is sent.
	 * @param duration the time
	 * @return this
	 */
	public LoadGenerator duration(Duration duration) {
		this.duration = duration;
		return this;
	}

	/**
	 * Time after which a request counts as unanswered.
	 * @param timeout the time
	 * @return this
	 */
	public LoadGenerator timeout(Duration timeout) {
		this.timeout = timeout;
		return this;
	}

	/**
	 * Time that a client waits between an answer and its next request.
	 * @param pause the time
	 * @return this
	 */
	public LoadGenerator pause(Duration pause) {
		this.pause = pause;
		return this;
	}

	/**
	 * Keep connections for as long as the server lets us, instead of a new one for each
	 * request.
	 * @return this
	 */
	public LoadGenerator keepAlive() {
		this.keepAlive = true;
		return this;
	}

	/**
	 * Send all requests.
	 * @return their fates
	 */
	public LoadResult run() {
		return start().join();
	}

	/**
	 * Begin to send requests.
	 * @return the load under way
	 */
	public Running start() {
		return new Running();
	}

	/**
	 * A load under way. Closing stops it.
	 */
	public final class Running implements AutoCloseable {

		private final Queue<Exchange> exchanges = new ConcurrentLinkedQueue<>();

		private final AtomicInteger answered = new AtomicInteger();

		private final AtomicInteger tickets = new AtomicInteger(LoadGenerator.this.requests);

		private final long deadline = System.nanoTime() + LoadGenerator.this.duration.toNanos();

		private final List<Thread> threads;

		private volatile boolean stopped;

		private Running() {
			this.threads = IntStream.range(0, LoadGenerator.this.clients)
				.mapToObj((client) -> new Thread(this::send, "load-" + client))
				.toList();
			this.threads.forEach((thread) -> thread.setDaemon(true));
			this.threads.forEach(Thread::start);
		}

		/**
		 * Wait until so many more requests of this load, and as many of each other, have
		 * been answered well.
		 * @param count the number
		 * @param others loads that are under way at the same time
		 * @return this
		 */
		public Running awaitAnswers(int count, Running... others) {
			Map<Running, Integer> goals = new HashMap<>();
			goals.put(this, this.answered.get() + count);
			for (Running other : others) {
				goals.put(other, other.answered.get() + count);
			}
			await().atMost(LoadGenerator.this.duration)
				.pollInterval(Duration.ofMillis(10))
				.until(() -> goals.entrySet()
					.stream()
					.allMatch((goal) -> goal.getKey().answered.get() >= goal.getValue()));
			return this;
		}

		/**
		 * What has become of the requests so far.
		 * @return their fates
		 */
		public LoadResult soFar() {
			return new LoadResult(List.copyOf(this.exchanges));
		}

		/**
		 * Send no further request, and wait for the answers under way.
		 * @return the fates of all requests
		 */
		public LoadResult stop() {
			this.stopped = true;
			return join();
		}

		/**
		 * Wait until all requests are answered.
		 * @return the fates of all requests
		 */
		public LoadResult join() {
			try {
				for (Thread thread : this.threads) {
					thread.join();
				}
			}
			catch (InterruptedException ex) {
				this.stopped = true;
				Thread.currentThread().interrupt();
			}
			return soFar();
		}

		@Override
		public void close() {
			this.stopped = true;
		}

		private void send() {
			Kept kept = null;
			while (!this.stopped && System.nanoTime() < this.deadline && this.tickets.getAndDecrement() > 0) {
				kept = exchange(kept);
				LockSupport.parkNanos(LoadGenerator.this.pause.toNanos());
			}
			close((kept != null) ? kept.connection() : null);
		}

		/**
		 * One request and its answer.
		 * @return the connection, if it can be used once more
		 */
		private Kept exchange(Kept kept) {
			long start = System.nanoTime();
			long peer = (kept != null) ? kept.peer() : 0;
			HttpConnection connection = (kept != null) ? kept.connection() : null;
			try {
				if (connection == null) {
					connection = HttpConnection.open(LoadGenerator.this.port, LoadGenerator.this.timeout);
				}
				connection.send("GET", LoadGenerator.this.path, new byte[0],
						LoadGenerator.this.keepAlive ? "Connection: keep-alive" : "Connection: close");
				HttpConnection.Reply reply = connection.read();
				long pid = record(start, peer, reply);
				if (LoadGenerator.this.keepAlive && !reply.closes()) {
					return new Kept(connection, pid);
				}
			}
			catch (ConnectException ex) {
				failed(start, peer, Outcome.REFUSED, ex);
			}
			catch (SocketTimeoutException ex) {
				failed(start, peer, Outcome.TIMED_OUT, ex);
			}
			catch (IOException ex) {
				failed(start, peer, Outcome.RESET, ex);
			}
			close(connection);
			return null;
		}

		private long record(long start, long peer, HttpConnection.Reply reply) {
			Matcher matcher = LoadGenerator.this.body.matcher(reply.body());
			if (reply.status() != 200) {
				add(start, peer, Outcome.BAD_STATUS, 0, reply.closes(), Integer.toString(reply.status()));
			}
			else if (!matcher.find()) {
				add(start, peer, Outcome.WRONG_BODY, 0, reply.closes(), reply.body());
			}
			else {
				long pid = Long.parseLong(matcher.group(1));
				add(start, peer, Outcome.OK, pid, reply.closes(), "");
				this.answered.incrementAndGet();
				return pid;
			}
			return peer;
		}

		private void failed(long start, long peer, Outcome outcome, IOException failure) {
			add(start, peer, outcome, 0, true, failure.toString());
			// a client that is refused at once must not take a processor for itself
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
		}

		private void add(long start, long peer, Outcome outcome, long pid, boolean closes, String detail) {
			this.exchanges.add(new Exchange(start, System.nanoTime(), peer, outcome, pid, closes, detail));
		}

		private void close(HttpConnection connection) {
			try {
				if (connection != null) {
					connection.close();
				}
			}
			catch (IOException ex) {
				// nothing is awaited from it any more
			}
		}

		/**
		 * A connection that can be used once more, and the process at its other end.
		 */
		private record Kept(HttpConnection connection, long peer) {
		}

	}

}
