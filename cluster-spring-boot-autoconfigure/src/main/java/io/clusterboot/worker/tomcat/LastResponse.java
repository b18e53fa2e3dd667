package io.clusterboot.worker.tomcat;

import org.apache.coyote.ActionCode;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.Http11InputBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which HTTP/1.1 response is the last one of its connection while the worker
 * drains, and has it say so. Tomcat itself would end every connection with its next
 * response, and lose the requests that a client has sent behind that one without waiting.
 * <p>
 * The decision is made on the request's own thread, twice: when the request begins, which
 * is the only time for responses without a body, and again when the headers of a response
 * with a body are about to be written. Thread-safe.
 */
final class LastResponse {

	private static final String CONNECTION = "Connection";

	private static final String CLOSE = "close";

	/** From the range that Tomcat leaves to others. */
	private static final int NOTE = 24;

	private volatile boolean draining;

	void draining(boolean draining) {
		this.draining = draining;
	}

	/**
	 * The headers of a request have been read, and nothing behind them.
	 * @param request the request
	 * @param response the response to it
	 */
	void begin(Request request, Response response) {
		Exchange exchange = exchange(request);
		if (exchange == null) {
			return;
		}
		exchange.announced = false;
		exchange.bodyIsFollowed = hasBody(request) && isBodyFollowed(request);
		if (this.draining && !isFollowed(request, exchange, true)) {
			announce(response, exchange);
		}
	}

	/**
	 * The headers of a response that has a body are about to be written. What is set now
	 * still counts.
	 * @param request the request
	 * @param response the response to it
	 */
	void commit(Request request, Response response) {
		Exchange exchange = this.draining ? exchange(request) : null;
		if (exchange == null) {
			return;
		}
		// Nobody else reads while a container thread has the connection.
		if (isFollowed(request, exchange, request.isRequestThread())) {
			withdraw(response, exchange);
		}
		else {
			announce(response, exchange);
			keepFraming(request, response);
		}
	}

	private static void announce(Response response, Exchange exchange) {
		response.getMimeHeaders().setValue(CONNECTION).setString(CLOSE);
		exchange.announced = true;
	}

	private static void withdraw(Response response, Exchange exchange) {
		if (exchange.announced) {
			response.getMimeHeaders().removeHeader(CONNECTION);
			exchange.announced = false;
		}
	}

	/**
	 * With that header Tomcat would let the end of the connection be the end of a
	 * response of unknown length, and one that is cut off would look whole. It uses
	 * chunks nevertheless if there may be trailers.
	 */
	private static void keepFraming(Request request, Response response) {
		boolean chunked = "HTTP/1.1".equals(request.protocol().toString()) && response.getContentLengthLong() == -1;
		if (chunked && response.getTrailerFields() == null && !"HEAD".equals(request.getMethod())) {
			response.setTrailerFields(() -> null);
		}
	}

	/**
	 * Whether the first bytes of another request are there. Behind a body only those are
	 * found that arrived together with the headers: later ones cannot be told from the
	 * body, parts of which the application may not have read yet.
	 */
	private static boolean isFollowed(Request request, Exchange exchange, boolean mayRead) {
		if (hasBody(request)) {
			return exchange.bodyIsFollowed;
		}
		if (buffered(request) == 0 && mayRead) {
			// from the kernel, without waiting
			request.action(ActionCode.AVAILABLE, Boolean.TRUE);
		}
		return buffered(request) > 0;
	}

	private static boolean hasBody(Request request) {
		return request.getContentLengthLong() > 0 || isChunked(request);
	}

	private static boolean isBodyFollowed(Request request) {
		return !isChunked(request) && buffered(request) > request.getContentLengthLong();
	}

	private static boolean isChunked(Request request) {
		return request.getMimeHeaders().getValue("Transfer-Encoding") != null;
	}

	private static int buffered(Request request) {
		return ((Http11InputBuffer) request.getInputBuffer()).getByteBuffer().remaining();
	}

	/**
	 * What is known of an exchange. Tomcat uses the same request object for all requests
	 * of a connection, one after the other.
	 * @return it, or {@code null} for the streams of HTTP/2
	 */
	private static @Nullable Exchange exchange(Request request) {
		if (!(request.getInputBuffer() instanceof Http11InputBuffer)) {
			return null;
		}
		Exchange exchange = (Exchange) request.getNote(NOTE);
		if (exchange == null) {
			exchange = new Exchange();
			request.setNote(NOTE, exchange);
		}
		return exchange;
	}

	private static final class Exchange {

		private boolean bodyIsFollowed;

		private boolean announced;

	}

}
