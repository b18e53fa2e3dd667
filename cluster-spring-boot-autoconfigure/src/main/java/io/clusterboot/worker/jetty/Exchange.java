package io.clusterboot.worker.jetty;

import java.nio.ByteBuffer;

import io.clusterboot.worker.RequestTracker.Ticket;
import org.eclipse.jetty.ee11.servlet.AsyncContextEvent;
import org.eclipse.jetty.ee11.servlet.ServletChannel;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A request and its response, until all of it has been written.
 */
final class Exchange extends HttpStream.Wrapper {

	private final Request request;

	private final Ticket ticket;

	private final SharedConnector connector;

	Exchange(HttpStream stream, Request request, Ticket ticket, SharedConnector connector) {
		super(stream);
		this.request = request;
		this.ticket = ticket;
		this.connector = connector;
		connector.begun(this);
	}

	/**
	 * The headers of a response come with its first bytes. What is changed now still
	 * counts.
	 */
	@Override
	public void send(MetaData.Request request, MetaData.@Nullable Response response, boolean last, ByteBuffer content,
			Callback callback) {
		MetaData.Response sent = response;
		if (response != null && this.connector.isDraining()
				&& this.request.getConnectionMetaData() instanceof HttpConnection connection) {
			sent = LastResponse.of(response, last, connection);
		}
		super.send(request, sent, last, content, callback);
	}

	@Override
	public void succeeded() {
		Object upgraded = this.request.getAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE);
		if (upgraded instanceof Connection session) {
			this.connector.upgraded(session);
		}
		end();
		super.succeeded();
	}

	@Override
	public void failed(Throwable failure) {
		end();
		super.failed(failure);
	}

	private void end() {
		this.ticket.end();
		this.connector.ended(this);
	}

	/**
	 * Have an asynchronous request time out, which ends a response as it ends others. One
	 * that has no time-out needs something to be cancelled.
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
