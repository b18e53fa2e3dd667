package io.clusterboot.actuate;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.clusterboot.worker.WorkerAgent;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.web.HttpRequestHandler;

/**
 * Sends what the dashboard shows as server-sent events, four times a second. A worker
 * that leaves ends its streams at once: the page goes on with another one, and the drain
 * does not wait for it.
 */
public final class DashboardStream implements HttpRequestHandler, DisposableBean {

	/** Pages that one worker serves; others poll. Each may hold a thread that writes. */
	private static final int MOST = 32;

	private static final int SERVICE_UNAVAILABLE = 503;

	private static final Log logger = LogFactory.getLog(DashboardStream.class);

	private final WorkerAgent agent;

	private final ClusterDashboardEndpoint endpoint;

	private final Set<Viewer> viewers = ConcurrentHashMap.newKeySet();

	private final ScheduledExecutorService clock;

	private final ExecutorService writers;

	/**
	 * Create a stream.
	 * @param agent tells whether this worker leaves
	 * @param endpoint knows what to show
	 */
	public DashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint) {
		this.agent = agent;
		this.endpoint = endpoint;
		CustomizableThreadFactory factory = new CustomizableThreadFactory("cluster-dashboard-");
		factory.setDaemon(true);
		this.clock = Executors.newSingleThreadScheduledExecutor(factory);
		this.writers = Executors.newCachedThreadPool(factory);
		this.clock.scheduleAtFixedRate(this::tick, 0, DashboardState.INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
		if (this.agent.isLeaving() || this.viewers.size() >= MOST) {
			response.sendError(SERVICE_UNAVAILABLE);
			return;
		}
		response.setContentType("text/event-stream");
		response.setCharacterEncoding(StandardCharsets.UTF_8.name());
		response.setHeader("Cache-Control", "no-store");
		// a proxy that collects responses would show nothing
		response.setHeader("X-Accel-Buffering", "no");
		response.flushBuffer();
		AsyncContext async = request.startAsync();
		async.setTimeout(0);
		Viewer viewer = new Viewer(async);
		this.viewers.add(viewer);
		this.clock.execute(() -> send(viewer, this.endpoint.state().toEvent()));
	}

	private void tick() {
		try {
			if (this.viewers.isEmpty()) {
				return;
			}
			if (this.agent.isLeaving()) {
				this.viewers.forEach(Viewer::end);
				return;
			}
			byte[] event = this.endpoint.state().toEvent();
			this.viewers.forEach((viewer) -> send(viewer, event));
		}
		catch (RuntimeException | LinkageError ex) {
			// a scheduled task that throws is not run again
			logger.warn("Nothing is sent to the dashboard", ex);
		}
	}

	/**
	 * A viewer that does not read misses what comes meanwhile.
	 */
	private void send(Viewer viewer, byte[] event) {
		if (viewer.writing.compareAndSet(false, true)) {
			this.writers.execute(() -> viewer.write(event));
		}
	}

	@Override
	public void destroy() {
		this.clock.shutdownNow();
		this.viewers.forEach(Viewer::end);
		this.writers.shutdown();
	}

	/**
	 * A page. Whoever holds {@code writing} may use the response, and whoever completes
	 * it does not give that back: a response must not be used any more then.
	 */
	private final class Viewer {

		private final AsyncContext async;

		private final AtomicBoolean writing = new AtomicBoolean();

		private volatile boolean ended;

		private Viewer(AsyncContext async) {
			this.async = async;
		}

		private void write(byte[] event) {
			try {
				OutputStream out = this.async.getResponse().getOutputStream();
				out.write(event);
				out.flush();
			}
			catch (IOException | IllegalStateException ex) {
				logger.debug("A viewer of the dashboard is gone", ex);
				this.ended = true;
			}
			this.writing.set(false);
			if (this.ended) {
				end();
			}
		}

		private void end() {
			this.ended = true;
			DashboardStream.this.viewers.remove(this);
			if (this.writing.compareAndSet(false, true)) {
				complete();
			}
		}

		private void complete() {
			try {
				this.async.complete();
			}
			catch (IllegalStateException ex) {
				logger.debug("A stream of the dashboard had ended already", ex);
			}
		}

	}

}
