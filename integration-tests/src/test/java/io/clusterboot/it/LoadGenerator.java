package io.clusterboot.it;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import javax.net.ssl.SSLContext;

import io.clusterboot.it.LoadResult.Outcome;

import static org.awaitility.Awaitility.await;

/**
 * Sends requests to a port, bounded in number or in time, and records the fate of each.
 */
public final class LoadGenerator {

	/** Longer than a test may take. */
	private static final Duration NO_LIMIT = Duration.ofHours(1);

	private final Function<Random, LoadClient> source;

	private String path = "/pid";

	private Pattern body = Pattern.compile("^(\\d+)$");

	private int clients = 4;

	private int requests = Integer.MAX_VALUE;

	private Duration duration = NO_LIMIT;

	private Duration timeout = Deadlines.EVENT;

	private Duration pause = Duration.ZERO;

	private Duration longestPause = Duration.ZERO;

	private long seed;

	private boolean keepAlive;

	private SSLContext tls;

	private LoadGenerator(int port) {
		this.source = (random) -> new RequestClient(() -> HttpConnection.open(port, this.timeout, this.tls), this.path,
				this.body, this.keepAlive);
	}

	private LoadGenerator(Function<Random, LoadClient> source) {
		this.source = source;
	}

	/**
	 * Clients that get something from a port of this machine.
	 * @param port the port
	 * @return a load to be described further
	 */
	public static LoadGenerator on(int port) {
		return new LoadGenerator(port);
	}

	/**
	 * Clients of another kind.
	 * @param source creates one, with the source of its random choices
	 * @return a load to be described further
	 */
	static LoadGenerator of(Function<Random, LoadClient> source) {
		return new LoadGenerator(source);
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
		return pause(pause, pause);
	}

	/**
	 * Bounds of the time that a client waits between an answer and its next request.
	 * @param least the least time
	 * @param most the longest time
	 * @return this
	 */
	public LoadGenerator pause(Duration least, Duration most) {
		this.pause = least;
		this.longestPause = most;
		return this;
	}

	/**
	 * Make the clients' random choices other ones.
	 * @param seed determines the choices
	 * @return this
	 */
	public LoadGenerator seed(long seed) {
		this.seed = seed;
		return this;
	}

	/**
	 * Use TLS.
	 * @param tls knows whom to trust
	 * @return this
	 */
	public LoadGenerator tls(SSLContext tls) {
		this.tls = tls;
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

		private final Fates fates = new Fates();

		private final AtomicInteger tickets = new AtomicInteger(LoadGenerator.this.requests);

		private final long deadline = System.nanoTime() + LoadGenerator.this.duration.toNanos();

		private final List<Thread> threads;

		private volatile boolean stopped;

		private Running() {
			this.threads = IntStream.range(0, LoadGenerator.this.clients)
				.mapToObj((client) -> new Thread(() -> send(client), "load-" + client))
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
			goals.put(this, this.fates.answers() + count);
			for (Running other : others) {
				goals.put(other, other.fates.answers() + count);
			}
			await().atMost(Deadlines.EVENT)
				.pollInterval(Duration.ofMillis(10))
				.until(() -> goals.entrySet()
					.stream()
					.allMatch((goal) -> goal.getKey().fates.answers() >= goal.getValue()));
			return this;
		}

		/**
		 * Wait until each of some processes has answered.
		 * @param pids the processes
		 * @return this
		 */
		public Running awaitAnsweredBy(Collection<Long> pids) {
			await().atMost(Deadlines.EVENT)
				.pollInterval(Duration.ofMillis(10))
				.until(() -> this.fates.answeredBy().containsAll(pids));
			return this;
		}

		/**
		 * Send no further request, and wait until no more than a number of clients still
		 * wait for an answer.
		 * @param clients the number
		 */
		public void awaitAllBut(int clients) {
			this.stopped = true;
			await().atMost(Deadlines.EVENT)
				.until(() -> this.threads.stream().filter(Thread::isAlive).count() <= clients);
		}

		/**
		 * The processes that have answered so far.
		 * @return their pids
		 */
		public Set<Long> answeredBy() {
			return this.fates.answeredBy();
		}

		/**
		 * What has become of the requests so far.
		 * @return their fates
		 */
		public LoadResult soFar() {
			return this.fates.soFar();
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

		private void send(int number) {
			Random random = new Random(LoadGenerator.this.seed + number);
			try (LoadClient client = LoadGenerator.this.source.apply(random)) {
				while (!this.stopped && System.nanoTime() < this.deadline && this.tickets.getAndDecrement() > 0) {
					client.exchange(this.fates);
					LockSupport.parkNanos(pause(random));
				}
			}
			catch (RuntimeException ex) {
				this.fates.other(System.nanoTime(), 0, Outcome.WRONG_BODY, "the client gave up: " + ex);
			}
		}

		private long pause(Random random) {
			long least = LoadGenerator.this.pause.toNanos();
			return least + (long) (random.nextDouble() * (LoadGenerator.this.longestPause.toNanos() - least));
		}

	}

}
