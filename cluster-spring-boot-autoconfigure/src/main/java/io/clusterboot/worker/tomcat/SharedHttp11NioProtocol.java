package io.clusterboot.worker.tomcat;

import io.clusterboot.worker.AcceptPolicy;
import io.clusterboot.worker.SharedServer;
import io.clusterboot.worker.WorkerAgent;
import org.apache.coyote.Adapter;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1, and HTTP/2 upgraded from it, on a shared socket. Public since Tomcat creates
 * it by name; not meant to be used directly.
 */
public final class SharedHttp11NioProtocol extends Http11NioProtocol implements SharedServer {

	private final RequestsInFlight requestsInFlight = new RequestsInFlight();

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

	@Override
	protected Processor createProcessor() {
		Processor processor = super.createProcessor();
		this.requestsInFlight.add(processor);
		return processor;
	}

	@Override
	public void closeGracefully() {
		closeServerSocketGraceful();
		this.requestsInFlight.closeConnections();
	}

	@Override
	public int connections() {
		return endpoint().openConnections();
	}

}
