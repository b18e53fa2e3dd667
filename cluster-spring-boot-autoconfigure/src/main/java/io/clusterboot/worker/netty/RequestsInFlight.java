package io.clusterboot.worker.netty;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.RequestTracker.Ticket;
import io.netty.channel.Channel;
import reactor.netty.Connection;
import reactor.netty.ConnectionObserver;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Tells when requests begin and end. Reactor Netty says that the state of a connection,
 * or of a stream of HTTP/2, changes: it is configured when the headers of a request have
 * been read, and disconnects from the request when the response has been written. A
 * request holds no thread meanwhile.
 */
final class RequestsInFlight implements ConnectionObserver {

	private final RequestTracker requests;

	private final Map<Channel, Ticket> tickets = new ConcurrentHashMap<>();

	RequestsInFlight(RequestTracker requests) {
		this.requests = requests;
	}

	@Override
	public void onStateChange(Connection connection, State state) {
		if (state == State.CONFIGURED && connection instanceof HttpServerRequest) {
			Ticket ticket = this.requests.begin();
			ticket.suspend();
			this.tickets.put(connection.channel(), ticket);
		}
		else if (state == State.DISCONNECTING) {
			end(connection.channel());
		}
	}

	/**
	 * The request of a channel, if it has any, is no longer in flight.
	 * @param channel the channel
	 */
	void end(Channel channel) {
		Ticket ticket = this.tickets.remove(channel);
		if (ticket != null) {
			ticket.end();
		}
	}

	/**
	 * The channels that have a request.
	 * @return connections, and streams of HTTP/2
	 */
	Set<Channel> channels() {
		return Set.copyOf(this.tickets.keySet());
	}

}
