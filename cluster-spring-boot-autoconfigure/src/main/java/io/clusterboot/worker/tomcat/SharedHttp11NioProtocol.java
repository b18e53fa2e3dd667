package io.clusterboot.worker.tomcat;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServer;
import io.clusterboot.worker.WorkerAgent;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.Http11NioProtocol;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1, and HTTP/2 upgraded from it, on a shared socket. Public since Tomcat creates
 * it by name; not meant to be used directly.
 */
public final class SharedHttp11NioProtocol extends Http11NioProtocol implements SharedServer {

	private static final String HTTP_1_1 = "HTTP/1.1";

	private static final String HTTP_2 = "HTTP/2.0";

	private volatile boolean closing;

	private @Nullable WorkerAgent agent;

	/**
	 * Create a protocol handler, which does not share anything until it is told how.
	 */
	public SharedHttp11NioProtocol() {
		super(new SharedNioEndpoint());
	}

	void shareThrough(WorkerAgent agent, AcceptPolicy policy) {
		this.agent = agent;
		endpoint().shareThrough(agent, policy);
	}

	SharedNioEndpoint endpoint() {
		return (SharedNioEndpoint) getEndpoint();
	}

	@Override
	public void setAdapter(@Nullable Adapter adapter) {
		super.setAdapter((adapter != null && this.agent != null) ? new TrackingAdapter(adapter, this.agent.requests())
				: adapter);
	}

	@Override
	public void start() throws Exception {
		this.closing = false;
		super.start();
		if (this.agent != null) {
			this.agent.register(this);
		}
	}

	@Override
	public void stop() throws Exception {
		if (this.agent != null) {
			this.agent.deregister(this);
		}
		super.stop();
	}

	/**
	 * Tomcat decides when a request begins whether its connection is kept. A request that
	 * was in flight when the drain began would promise its client a connection that is
	 * about to close. This is asked on the request's own thread just before the headers
	 * of a response with a body are written, and a header that is there by then counts.
	 * The client of a response without a body has the grace period for idle connections.
	 */
	@Override
	public boolean useCompression(Request request, Response response) {
		boolean compressed = super.useCompression(request, response);
		if (this.closing && !HTTP_2.equals(request.protocol().toString())) {
			keepFraming(request, response);
			response.getMimeHeaders().setValue("Connection").setString("close");
		}
		return compressed;
	}

	/**
	 * With that header Tomcat would let the end of the connection be the end of a
	 * response of unknown length, and one that is cut off would look whole. It uses
	 * chunks nevertheless if there may be trailers.
	 */
	private static void keepFraming(Request request, Response response) {
		boolean chunked = HTTP_1_1.equals(request.protocol().toString()) && response.getContentLengthLong() == -1;
		if (chunked && response.getTrailerFields() == null && !"HEAD".equals(request.getMethod())) {
			response.setTrailerFields(() -> null);
		}
	}

	@Override
	public void closeGracefully() {
		this.closing = true;
		closeServerSocketGraceful();
		endpoint().awaitAcceptor();
	}

	@Override
	public int connections() {
		return endpoint().openConnections();
	}

}
