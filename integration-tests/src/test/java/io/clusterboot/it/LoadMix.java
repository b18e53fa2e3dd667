package io.clusterboot.it;

import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

import javax.net.ssl.SSLContext;

/**
 * Clients of all kinds at once. They think between their requests: the processors are for
 * the workers that start.
 */
final class LoadMix implements AutoCloseable {

	static final String WEB_SOCKET = "WebSocket";

	static final String EVENTS = "server-sent events";

	static final String IDLE = "idle, then POST";

	static final int IDLE_CLIENTS = 20;

	private static final Duration LIMIT = Duration.ofHours(3);

	private final int port;

	private final int tlsPort;

	private final SSLContext trust;

	private final long seed;

	private final Map<String, LoadGenerator.Running> kinds = new LinkedHashMap<>();

	private LoadMix(int port, int tlsPort, SSLContext trust, long seed) {
		this.port = port;
		this.tlsPort = tlsPort;
		this.trust = trust;
		this.seed = seed;
	}

	/**
	 * Let all kinds of clients begin.
	 * @param port a port that is served in plain text
	 * @param tlsPort a port that is served with TLS
	 * @param trust knows the certificate of that port
	 * @param longest time that a slow request takes at most
	 * @param seed determines the random choices of all clients
	 * @return the load under way
	 */
	static LoadMix start(int port, int tlsPort, SSLContext trust, Duration longest, long seed) {
		LoadMix mix = new LoadMix(port, tlsPort, trust, seed);
		mix.startRequests(longest);
		mix.startConversations(longest);
		return mix;
	}

	private void startRequests(Duration longest) {
		start("connection per request", 2, 30, 60, LoadGenerator.on(this.port));
		start("busy keep-alive", 2, 10, 30, LoadGenerator.on(this.port).keepAlive());
		start("slow keep-alive", 4, 100, 900, LoadGenerator.on(this.port).keepAlive());
		start("slow requests", 2, 20, 200,
				LoadGenerator.on(this.port).get("/slow?ms=" + longest.toMillis(), "^(\\d+)$").keepAlive());
		start("TLS, connection per request", 1, 80, 160, LoadGenerator.on(this.tlsPort).tls(this.trust));
		start("TLS keep-alive", 2, 20, 200, LoadGenerator.on(this.tlsPort).tls(this.trust).keepAlive());
	}

	private void startConversations(Duration longest) {
		HttpClient webSockets = HttpClient.newHttpClient();
		start("request in pieces", 2, 20, 200,
				(random) -> new HesitantClient(this::open, random, Duration.ofMillis(200)));
		start("upload", 3, 20, 200, (random) -> new UploadClient(this::open, random, longest.dividedBy(3), longest));
		start("pipelining", 2, 20, 120, (random) -> new PipeliningClient(this::open));
		start("HTTP/2", 2, 20, 400,
				(random) -> new StreamsClient(() -> Http2Connection.open(this.tlsPort, Deadlines.EVENT, this.trust)));
		start(WEB_SOCKET, 3, 40, 200, (random) -> new EchoClient(webSockets, this.port));
		start(EVENTS, 3, 0, 0, (random) -> new EventsClient(this::open));
	}

	private HttpConnection open() throws IOException {
		return HttpConnection.open(this.port, Deadlines.EVENT);
	}

	private void start(String kind, int clients, int least, int most, Function<Random, LoadClient> source) {
		start(kind, clients, least, most, LoadGenerator.of(source));
	}

	private void start(String kind, int clients, int least, int most, LoadGenerator load) {
		this.kinds.put(kind,
				load.clients(clients)
					.pause(Duration.ofMillis(least), Duration.ofMillis(most))
					.seed(this.seed + 1000L * this.kinds.size())
					.timeout(Deadlines.EVENT)
					.duration(LIMIT)
					.start());
	}

	/**
	 * Let clients begin that are silent for a while and then send what must not be sent
	 * twice, on the connection that they have.
	 * @param longest longest silence
	 */
	void startIdle(Duration longest) {
		start(IDLE, IDLE_CLIENTS, 1000, Math.toIntExact(longest.toMillis()), idle(this.port));
	}

	static LoadGenerator idle(int port) {
		return LoadGenerator.of((random) -> new UploadClient(() -> HttpConnection.open(port, Deadlines.EVENT), random,
				Duration.ZERO, Duration.ZERO));
	}

	/**
	 * Wait until so many more requests have been answered, each on a connection of its
	 * own.
	 */
	void awaitAnswers(int count) {
		this.kinds.values().iterator().next().awaitAnswers(count);
	}

	/**
	 * The processes that have answered any client so far.
	 */
	Set<Long> answeredBy() {
		Set<Long> pids = new TreeSet<>();
		this.kinds.values().forEach((kind) -> pids.addAll(kind.answeredBy()));
		return pids;
	}

	/**
	 * Send nothing more, and wait for the answers under way.
	 * @return the fates of all requests, by kind of client
	 */
	Map<String, LoadResult> stop() {
		close();
		Map<String, LoadResult> results = new LinkedHashMap<>();
		this.kinds.forEach((kind, running) -> results.put(kind, running.stop()));
		return results;
	}

	@Override
	public void close() {
		this.kinds.values().forEach(LoadGenerator.Running::close);
	}

}
