package io.clusterboot.worker.tomcat;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

import io.clusterboot.worker.RequestTracker;
import io.clusterboot.worker.RequestTracker.Ticket;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.net.SocketEvent;

/**
 * Tells when requests begin and end. It sits below everything that the application can
 * configure, sees the streams of HTTP/2 one by one, and returns only when a response has
 * been written.
 */
final class TrackingAdapter implements Adapter {

	private final Adapter delegate;

	private final RequestTracker requests;

	private final LastResponse lastResponse;

	/**
	 * Requests that are processed asynchronously. Tomcat works on a request under its
	 * connection's lock, so that each entry has one owner at a time.
	 */
	private final Map<Request, Ticket> suspended = new ConcurrentHashMap<>();

	TrackingAdapter(Adapter delegate, RequestTracker requests, LastResponse lastResponse) {
		this.delegate = delegate;
		this.requests = requests;
		this.lastResponse = lastResponse;
	}

	@Override
	public void service(Request request, Response response) throws Exception {
		Ticket ticket = this.requests.begin();
		try {
			this.lastResponse.begin(request, response);
			this.delegate.service(request, response);
		}
		finally {
			suspendOrEnd(request, ticket);
		}
	}

	@Override
	public boolean asyncDispatch(Request request, Response response, SocketEvent status) throws Exception {
		Ticket ticket = this.suspended.remove(request);
		if (ticket == null) {
			return this.delegate.asyncDispatch(request, response, status);
		}
		ticket.resume();
		try {
			return this.delegate.asyncDispatch(request, response, status);
		}
		finally {
			suspendOrEnd(request, ticket);
		}
	}

	private void suspendOrEnd(Request request, Ticket ticket) {
		AtomicBoolean async = new AtomicBoolean();
		request.action(ActionCode.ASYNC_IS_ASYNC, async);
		if (async.get()) {
			ticket.suspend();
			this.suspended.put(request, ticket);
		}
		else {
			ticket.end();
		}
	}

	@Override
	public boolean prepare(Request request, Response response) throws Exception {
		return this.delegate.prepare(request, response);
	}

	@Override
	public void log(Request request, Response response, long time) {
		this.delegate.log(request, response, time);
	}

	@Override
	public void checkRecycled(Request request, Response response) {
		this.delegate.checkRecycled(request, response);
	}

	@Override
	public String getDomain() {
		return this.delegate.getDomain();
	}

}
