package io.clusterboot.actuate;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

import io.clusterboot.worker.WorkerAgent;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * {@link DashboardStream} for a reactive application.
 */
public final class ReactiveDashboardStream implements WebHandler {

	private final WorkerAgent agent;

	private final Flux<byte[]> events;

	private final Semaphore places = new Semaphore(DashboardState.MOST_VIEWERS);

	/**
	 * Create a stream.
	 * @param agent tells whether this worker leaves
	 * @param endpoint knows what to show
	 */
	public ReactiveDashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint) {
		this.agent = agent;
		this.events = events(endpoint);
	}

	/**
	 * To ask the primary takes a thread that may wait. All viewers wait for the same
	 * answer.
	 */
	private static Flux<byte[]> events(ClusterDashboardEndpoint endpoint) {
		return Flux.interval(Duration.ZERO, DashboardState.INTERVAL)
			.onBackpressureDrop()
			.concatMap((tick) -> Mono.fromCallable(() -> endpoint.state().toEvent())
				.subscribeOn(Schedulers.boundedElastic()), 1)
			.share();
	}

	@Override
	public Mono<Void> handle(ServerWebExchange exchange) {
		HttpMethod method = exchange.getRequest().getMethod();
		return HttpMethod.GET.equals(method) ? Mono.defer(() -> stream(exchange.getResponse()))
				: Mono.error(new MethodNotAllowedException(method, List.of(HttpMethod.GET)));
	}

	private Mono<Void> stream(ServerHttpResponse response) {
		if (this.agent.isLeaving() || !this.places.tryAcquire()) {
			response.setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
			return response.setComplete();
		}
		response.getHeaders().setContentType(new MediaType(MediaType.TEXT_EVENT_STREAM, StandardCharsets.UTF_8));
		response.getHeaders().set("X-Accel-Buffering", "no");
		return response.writeAndFlushWith(viewer(response.bufferFactory()).map(Flux::just))
			.doFinally((signal) -> this.places.release());
	}

	/**
	 * A page that does not read misses what comes meanwhile.
	 */
	private Flux<DataBuffer> viewer(DataBufferFactory buffers) {
		return this.events.onBackpressureLatest()
			.map(buffers::wrap)
			.takeUntilOther(Flux.interval(DashboardState.INTERVAL).filter((tick) -> this.agent.isLeaving()))
			.take(DashboardState.LONGEST_STREAM);
	}

}
