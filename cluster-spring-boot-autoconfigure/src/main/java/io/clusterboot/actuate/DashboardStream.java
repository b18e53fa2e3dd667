package io.clusterboot.actuate;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.clusterboot.worker.WorkerAgent;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.HttpMethod;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.HttpRequestMethodNotSupportedException;

/**
 * Sends what the dashboard shows as server-sent events, four times a second. A worker
 * that leaves ends its streams at once: the page goes on with another one, and the drain
 * does not wait for it. No stream lasts, so that whoever has logged out does not look on.
 */
public final class DashboardStream implements HttpRequestHandler, DisposableBean {

	private static final int SERVICE_UNAVAILABLE = 503;

	private static final Log logger = LogFactory.getLog(DashboardStream.class);

	private final WorkerAgent agent;

	private final ClusterDashboardEndpoint endpoint;

	private final Semaphore places = new Semaphore(DashboardState.MOST_VIEWERS);

	private final Set<Viewer> viewers = ConcurrentHashMap.newKeySet();

	private final long longest;

	private final AtomicBoolean asking = new AtomicBoolean();

	private final ScheduledExecutorService clock;

	private final ExecutorService threads;

	/**
	 * Create a stream.
	 * @param agent tells whether this worker leaves
	 * @param endpoint knows what to show
	 */
	public DashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint) {
		this(agent, endpoint, DashboardState.LONGEST_STREAM);
	}

	DashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint, Duration longest) {
		this.agent = agent;
		this.endpoint = endpoint;
		this.longest = longest.toNanos();
		CustomizableThreadFactory factory = new CustomizableThreadFactory("cluster-dashboard-");
		factory.setDaemon(true);
		this.clock = Executors.newSingleThreadScheduledExecutor(factory);
		this.threads = Executors.newCachedThreadPool(factory);
		this.clock.scheduleAtFixedRate(this::tick, 0, DashboardState.INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public void handleRequest(HttpServletRequest request, HttpServletResponse response)
			throws ServletException, IOException {
		if (!HttpMethod.GET.matches(request.getMethod())) {
			throw new HttpRequestMethodNotSupportedException(request.getMethod(), List.of(HttpMethod.GET.name()));
		}
		if (this.agent.isLeaving() || !this.places.tryAcquire()) {
			response.sendError(SERVICE_UNAVAILABLE);
			return;
		}
		boolean begun = false;
		try {
			begin(request, response);
			begun = true;
		}
		finally {
			if (!begun) {
				this.places.release();
			}
		}
		ask();
	}

	private void begin(HttpServletRequest request, HttpServletResponse response) throws IOException {
		response.setContentType("text/event-stream");
		response.setCharacterEncoding(StandardCharsets.UTF_8.name());
		// a proxy that collects responses would show nothing
		response.setHeader("X-Accel-Buffering", "no");
		response.flushBuffer();
		AsyncContext async = request.startAsync();
		async.setTimeout(0);
		this.viewers.add(new Viewer(async));
	}

	private void tick() {
		boolean leaving = this.agent.isLeaving();
		long now = System.nanoTime();
		this.viewers.stream().filter((viewer) -> leaving || viewer.isOverdue(now)).forEach(Viewer::end);
		ask();
	}

	/**
	 * The primary may keep the asker waiting, and then all viewers wait for the same
	 * answer.
	 */
	private void ask() {
		if (!this.viewers.isEmpty() && this.asking.compareAndSet(false, true)) {
			this.threads.execute(this::sendState);
		}
	}

	private void sendState() {
		try {
			byte[] event = this.endpoint.state().toEvent();
			this.viewers.forEach((viewer) -> send(viewer, event));
		}
		catch (RuntimeException | LinkageError ex) {
			logger.warn("Nothing is sent to the dashboard", ex);
		}
		finally {
			this.asking.set(false);
		}
	}

	/**
	 * A viewer that does not read misses what comes meanwhile.
	 */
	private void send(Viewer viewer, byte[] event) {
		if (viewer.writing.compareAndSet(false, true)) {
			this.threads.execute(() -> viewer.write(event));
		}
	}

	@Override
	public void destroy() {
		this.clock.shutdownNow();
		this.viewers.forEach(Viewer::end);
		this.threads.shutdown();
	}

	/**
	 * A page. Whoever holds {@code writing} may use the response, and whoever completes
	 * it does not give that back: a response must not be used any more then.
	 */
	private final class Viewer {

		private final AsyncContext async;

		private final long since = System.nanoTime();

		private final AtomicBoolean writing = new AtomicBoolean();

		private volatile boolean ended;

		private Viewer(AsyncContext async) {
			this.async = async;
		}

		private boolean isOverdue(long now) {
			return now - this.since > DashboardStream.this.longest;
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
			if (DashboardStream.this.viewers.remove(this)) {
				DashboardStream.this.places.release();
			}
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
