package io.clusterboot.actuate;

import io.clusterboot.dashboard.DashboardFiles;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Does in a reactive application what {@link EndpointProtectionFilter} does where there
 * are servlets.
 */
public final class EndpointProtectionWebFilter implements WebFilter {

	private final EndpointProtection protection;

	/**
	 * Create a filter.
	 * @param protection knows what is refused
	 */
	public EndpointProtectionWebFilter(EndpointProtection protection) {
		this.protection = protection;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		ServerHttpRequest request = exchange.getRequest();
		if (!this.protection.covers(request.getPath().pathWithinApplication())) {
			return chain.filter(exchange);
		}
		ServerHttpResponse response = exchange.getResponse();
		DashboardFiles.HEADERS.forEach(response.getHeaders()::set);
		return this.protection.refuses(request, () -> CorsUtils.isCorsRequest(request)) ? refuse(response)
				: chain.filter(exchange);
	}

	private static Mono<Void> refuse(ServerHttpResponse response) {
		response.setStatusCode(HttpStatus.FORBIDDEN);
		response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
		return response.writeWith(Mono.fromSupplier(() -> response.bufferFactory().wrap(EndpointProtection.refusal())));
	}

}
