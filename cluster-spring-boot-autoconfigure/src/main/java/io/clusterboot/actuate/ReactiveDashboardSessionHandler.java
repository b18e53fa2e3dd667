package io.clusterboot.actuate;

import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.web.server.csrf.CsrfToken;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * {@link DashboardSessionHandler} for a reactive application, where nobody can be asked
 * what the caller may do: what he may not is refused when he tries.
 */
public final class ReactiveDashboardSessionHandler implements WebHandler {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	@Override
	public Mono<Void> handle(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
		return response.writeWith(
				session(exchange).map((session) -> response.bufferFactory().wrap(MAPPER.writeValueAsBytes(session))));
	}

	private static Mono<DashboardSession> session(ServerWebExchange exchange) {
		Mono<CsrfToken> token = exchange.getAttribute(CsrfToken.class.getName());
		return (token != null)
				? token.map((known) -> new DashboardSession(true, known.getHeaderName(), known.getToken()))
					.defaultIfEmpty(DashboardSession.UNPROTECTED)
				: Mono.just(DashboardSession.UNPROTECTED);
	}

}
