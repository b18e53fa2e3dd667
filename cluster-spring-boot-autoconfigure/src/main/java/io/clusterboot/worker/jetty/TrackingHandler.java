package io.clusterboot.worker.jetty;

import java.util.Map;

import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Tells when requests begin and end. It is the outermost handler, and sees the streams of
 * HTTP/2 one by one.
 */
final class TrackingHandler extends Handler.Wrapper {

	private final RequestTracker requests;

	private final Map<Connector, SharedConnector> connectors;

	TrackingHandler(RequestTracker requests, Map<Connector, SharedConnector> connectors) {
		this.requests = requests;
		this.connectors = connectors;
	}

	@Override
	public boolean handle(Request request, Response response, Callback callback) throws Exception {
		SharedConnector connector = connectorOf(request);
		if (connector == null) {
			return super.handle(request, response, callback);
		}
		Ticket ticket = this.requests.begin();
		Exchange exchange = new Exchange(request, ticket, connector);
		exchange.begin();
		try {
			request.setAttribute(AsyncDispatches.TICKET, ticket);
			request.addHttpStreamWrapper((stream) -> new TrackedStream(stream, exchange));
		}
		catch (IllegalStateException ex) {
			// the stream has ended already
			exchange.end();
			throw ex;
		}
		try {
			return super.handle(request, response, callback);
		}
		finally {
			ticket.suspend();
		}
	}

	private @Nullable SharedConnector connectorOf(Request request) {
		return this.connectors.get(request.getConnectionMetaData().getConnector());
	}

}
