package io.clusterboot.actuate;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.clusterboot.worker.WorkerAgent;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * {@link DashboardStream} for a reactive application.
 */
public final class ReactiveDashboardStream implements WebHandler {

	private final WorkerAgent agent;

	private final ClusterDashboardEndpoint endpoint;

	/**
	 * Create a stream.
	 * @param agent tells whether this worker leaves
	 * @param endpoint knows what to show
	 */
	public ReactiveDashboardStream(WorkerAgent agent, ClusterDashboardEndpoint endpoint) {
		this.agent = agent;
		this.endpoint = endpoint;
	}

	@Override
	public Mono<Void> handle(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		if (this.agent.isLeaving()) {
			response.setStatusCode(HttpStatus.SERVICE_UNAVAILABLE);
			return response.setComplete();
		}
		response.getHeaders().setContentType(new MediaType(MediaType.TEXT_EVENT_STREAM, StandardCharsets.UTF_8));
		response.getHeaders().setCacheControl("no-store");
		response.getHeaders().set("X-Accel-Buffering", "no");
		return response.writeAndFlushWith(events(response.bufferFactory()).map(Flux::just));
	}

	/**
	 * To ask the primary takes a thread that may wait. A page that does not read misses
	 * what comes meanwhile.
	 */
	private Flux<DataBuffer> events(DataBufferFactory buffers) {
		return Flux.interval(Duration.ZERO, DashboardState.INTERVAL)
			.onBackpressureDrop()
			.takeWhile((tick) -> !this.agent.isLeaving())
			.concatMap((tick) -> Mono.fromCallable(() -> this.endpoint.state().toEvent())
				.subscribeOn(Schedulers.boundedElastic()), 1)
			.map(buffers::wrap);
	}

}
