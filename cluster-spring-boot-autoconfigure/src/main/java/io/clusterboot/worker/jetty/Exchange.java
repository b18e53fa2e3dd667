package io.clusterboot.worker.jetty;

import io.clusterboot.worker.RequestTracker.Ticket;
import org.eclipse.jetty.ee11.servlet.AsyncContextEvent;
import org.eclipse.jetty.ee11.servlet.ServletChannel;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.jspecify.annotations.Nullable;

/**
 * A request and its response, until all of it has been written.
 */
final class Exchange {

	private final Request request;

	private final Ticket ticket;

	private final SharedConnector connector;

	Exchange(Request request, Ticket ticket, SharedConnector connector) {
		this.request = request;
		this.ticket = ticket;
		this.connector = connector;
	}

	void begin() {
		this.connector.begun(this);
	}

	void end() {
		this.ticket.end();
		this.connector.ended(this);
	}

	boolean isDraining() {
		return this.connector.isDraining();
	}

	/**
	 * The connection, which a customizer may have wrapped on its way to the request.
	 * @return it, or {@code null} if the request is a stream of HTTP/2
	 */
	@Nullable HttpConnection http1Connection() {
		Connection connection = this.request.getConnectionMetaData().getConnection();
		return (connection instanceof HttpConnection http1) ? http1 : null;
	}

	/**
	 * The response has been written, and the connection may be another one from now on.
	 */
	void noteUpgrade() {
		if (this.request.getAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE) instanceof Connection session) {
			this.connector.upgraded(session);
		}
	}

	/**
	 * Have an asynchronous request time out, which ends a response as it ends others.
	 * Jetty wants to find a time-out that was set, and some have none.
	 */
	void expire() {
		Object channel = this.request.getComponents().getCache().getAttribute(ServletChannel.class.getName());
		AsyncContextEvent event = (channel instanceof ServletChannel servletChannel)
				? servletChannel.getServletRequestState().getAsyncContextEvent() : null;
		if (event != null) {
			event.cancelTimeoutTask();
			event.setTimeoutTask(() -> true);
			event.run();
		}
	}

}
