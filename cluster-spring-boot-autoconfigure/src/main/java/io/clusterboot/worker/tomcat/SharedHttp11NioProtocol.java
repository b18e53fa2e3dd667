package io.clusterboot.worker.tomcat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServer;
import io.clusterboot.worker.UnsharableServerException;
import io.clusterboot.worker.WorkerAgent;
import org.apache.coyote.Adapter;
import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.UpgradeToken;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1, and HTTP/2 upgraded from it, on a shared socket. Public since Tomcat creates
 * it by name; not meant to be used directly.
 */
public final class SharedHttp11NioProtocol extends Http11NioProtocol implements SharedServer {

	private final LastResponse lastResponse = new LastResponse();

	private final Sessions sessions = new Sessions();

	private final Set<Processor> waiting = ConcurrentHashMap.newKeySet();

	private @Nullable WorkerAgent agent;

	private boolean draining;

	/**
	 * Create a protocol handler, which does not share anything until it is told how.
	 */
	public SharedHttp11NioProtocol() {
		super(new SharedNioEndpoint());
	}

	/**
	 * Listen on a shared socket. To be called when all settings have been made.
	 * @param agent gives access to the shared sockets
	 * @param policy when connections are let in
	 * @throws UnsharableServerException if it is not to listen on a port
	 */
	void shareThrough(WorkerAgent agent, AcceptPolicy policy) {
		// Boot tells nothing of what a connector throws when it starts
		if (endpoint().getUseInheritedChannel() || endpoint().getUnixDomainSocketPath() != null) {
			throw new UnsharableServerException(
					"Workers cannot share a Tomcat connector with an inherited channel or a UNIX domain socket.");
		}
		this.agent = agent;
		endpoint().shareThrough(agent, policy);
	}

	SharedNioEndpoint endpoint() {
		return (SharedNioEndpoint) getEndpoint();
	}

	@Override
	public void setAdapter(@Nullable Adapter adapter) {
		super.setAdapter((adapter != null && this.agent != null)
				? new TrackingAdapter(adapter, this.agent.requests(), this.lastResponse) : adapter);
	}

	@Override
	public void start() throws Exception {
		this.lastResponse.draining(false);
		this.draining = false;
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
	 * Tomcat has no hook for the moment before the headers of a response are written.
	 * This is asked then, for every response that has a body.
	 */
	@Override
	public boolean useCompression(Request request, Response response) {
		boolean compressed = super.useCompression(request, response);
		this.lastResponse.commit(request, response);
		return compressed;
	}

	/**
	 * Tomcat keeps to itself who waits, among them the streams of HTTP/2.
	 */
	@Override
	public void addWaitingProcessor(Processor processor) {
		this.waiting.add(processor);
		super.addWaitingProcessor(processor);
	}

	@Override
	public void removeWaitingProcessor(Processor processor) {
		this.waiting.remove(processor);
		super.removeWaitingProcessor(processor);
	}

	@Override
	protected Processor createProcessor() {
		return new SharedProcessor(this, getAdapter());
	}

	@Override
	protected Processor createUpgradeProcessor(SocketWrapperBase<?> socket, UpgradeToken upgradeToken) {
		if (!OpenConnections.isHttp2(upgradeToken)) {
			this.sessions.add(socket);
		}
		return super.createUpgradeProcessor(socket, upgradeToken);
	}

	/**
	 * Who is not told to close may be told later, when nobody takes connections over.
	 */
	@Override
	public void closeGracefully() {
		this.lastResponse.draining(!endpoint().isMoving());
		if (!this.draining) {
			this.draining = true;
			endpoint().leaveServerSocket();
		}
		// A connection may have become one of HTTP/2 since it was told the last time.
		open().goAway();
	}

	@Override
	public void handOver() {
		endpoint().move();
	}

	@Override
	public int connections() {
		return open().count();
	}

	@Override
	public int idleConnections(Duration idle) {
		return open().countIdle(idle);
	}

	@Override
	public int closeIdle(Duration idle, int atMost) {
		open().closeIdleHttp2(idle);
		return endpoint().isMoving() ? 0 : open().closeIdle(idle, atMost);
	}

	@Override
	public int sessions() {
		return this.sessions.count();
	}

	/**
	 * For asynchronous requests this is what Tomcat does when it stops: to the
	 * application it looks like a time-out, which ends a response as it ends others.
	 */
	@Override
	public void endLongLived() {
		this.sessions.stop();
		for (Processor processor : this.waiting) {
			if (processor.isAsync()) {
				processor.timeoutAsync(-1);
			}
		}
	}

	private OpenConnections open() {
		return endpoint().open();
	}

}
