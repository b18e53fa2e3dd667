package io.clusterboot.primary;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.clusterboot.ClusterProperties;
import io.clusterboot.dashboard.DashboardFiles;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The primary's own port, which answers even when no worker lives. It shows and changes
 * nothing. The JDK's server needs no library; this port is for those who operate the
 * cluster, not for traffic.
 */
final class PrimaryServer implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(PrimaryServer.class);

	/**
	 * Clients that send or read at the same time; what comes beyond ends the oldest one.
	 */
	static final int THREADS = 32;

	static final String THREAD = "cluster-primary-port";

	/**
	 * The server's own settings, which only exist as system properties: seconds within
	 * which a client has to have sent its request and read the response, no delay of
	 * small responses, and a limit to connections, so that the primary does not run out
	 * of descriptors, which it needs for workers.
	 */
	private static final Map<String, String> SETTINGS = Map.of("sun.net.httpserver.maxReqTime", "10",
			"sun.net.httpserver.maxRspTime", "30", "sun.net.httpserver.nodelay", "true",
			"jdk.httpserver.maxConnections", "512");

	private final HttpServer server;

	private final ExchangeThreads threads = new ExchangeThreads(THREAD, THREADS);

	private PrimaryServer(HttpServer server) {
		this.server = server;
		server.setExecutor(this.threads);
	}

	/**
	 * Bind the port. Nothing is answered before {@link #start}.
	 * @param properties the port and its address
	 * @return the server
	 * @throws PrimaryPortException if that port cannot be bound
	 */
	static PrimaryServer bind(ClusterProperties.Primary properties) throws PrimaryPortException {
		InetSocketAddress address = properties.socketAddress();
		SETTINGS.forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
		try {
			return new PrimaryServer(HttpServer.create(address, 0));
		}
		catch (IOException ex) {
			throw new PrimaryPortException(address, ex);
		}
	}

	/**
	 * Begin to answer.
	 * @param pages what is answered, by path
	 */
	void start(Map<String, Page> pages) {
		pages.forEach((path, page) -> this.server.createContext(path, (exchange) -> {
			this.threads.asked();
			try (exchange) {
				answer(exchange, path, page);
			}
		}));
		this.server.start();
		logger.info("The primary answers on port %d of %s".formatted(address().getPort(),
				address().getAddress().getHostAddress()));
	}

	InetSocketAddress address() {
		return this.server.getAddress();
	}

	private void answer(HttpExchange exchange, String path, Page page) throws IOException {
		if (address().getAddress().isLoopbackAddress()
				&& !LoopbackHost.matches(exchange.getRequestHeaders().getFirst("Host"))) {
			send(exchange, Response.text(403,
					"This port answers only to names of the loopback address, as in the header Host: localhost"));
		}
		else if (!exchange.getRequestURI().getPath().equals(path)) {
			send(exchange, Response.text(404, "There is nothing at this path"));
		}
		else if (!"GET".equals(exchange.getRequestMethod()) && !"HEAD".equals(exchange.getRequestMethod())) {
			exchange.getResponseHeaders().set("Allow", "GET, HEAD");
			send(exchange, Response.text(405, "This port only shows the cluster"));
		}
		else {
			send(exchange, response(exchange, page));
		}
	}

	private static Response response(HttpExchange exchange, Page page) {
		try {
			return page.respond(exchange.getRequestHeaders().getFirst("Accept"));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("No answer to " + exchange.getRequestURI(), ex);
			return Response.text(503, "The primary did not answer: " + ex.getMessage());
		}
	}

	private static void send(HttpExchange exchange, Response response) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", response.contentType());
		DashboardFiles.HEADERS.forEach(exchange.getResponseHeaders()::set);
		response.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
		if ("HEAD".equals(exchange.getRequestMethod())) {
			exchange.sendResponseHeaders(response.status(), -1);
			return;
		}
		exchange.sendResponseHeaders(response.status(), (response.body().length > 0) ? response.body().length : -1);
		try (OutputStream out = exchange.getResponseBody()) {
			out.write(response.body());
		}
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.threads.close();
	}

	/**
	 * Answers requests for one path.
	 */
	@FunctionalInterface
	interface Page {

		/**
		 * Answer a request.
		 * @param accept value of the header {@code Accept}, if there is one
		 * @return the response
		 * @throws IOException if there is no answer
		 */
		Response respond(@Nullable String accept) throws IOException;

	}

	/**
	 * A response.
	 *
	 * @param status its status
	 * @param contentType type of its body
	 * @param headers other headers
	 * @param body its body
	 */
	record Response(int status, String contentType, Map<String, String> headers, byte[] body) {

		static Response of(String contentType, byte[] body) {
			return new Response(200, contentType, Map.of(), body);
		}

		static Response text(int status, String text) {
			return new Response(status, "text/plain;charset=utf-8", Map.of(),
					(text + "\n").getBytes(StandardCharsets.UTF_8));
		}

	}

}
