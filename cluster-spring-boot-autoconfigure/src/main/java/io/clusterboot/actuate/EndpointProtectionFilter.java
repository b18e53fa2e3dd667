package io.clusterboot.actuate;

import java.io.IOException;

import io.clusterboot.dashboard.DashboardFiles;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.http.MediaType;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.ServletRequestPathUtils;

/**
 * Applies the {@link EndpointProtection} where there are servlets, and has browsers keep
 * the {@link DashboardFiles#HEADERS rules of the dashboard}. An operation of an endpoint
 * sees no headers.
 */
public final class EndpointProtectionFilter extends OncePerRequestFilter {

	private final EndpointProtection protection;

	/**
	 * Create a filter.
	 * @param protection knows what is refused
	 */
	public EndpointProtectionFilter(EndpointProtection protection) {
		this.protection = protection;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		if (this.protection.covers(ServletRequestPathUtils.parse(request).pathWithinApplication())) {
			DashboardFiles.HEADERS.forEach(response::setHeader);
			if (this.protection.refuses(new ServletServerHttpRequest(request),
					() -> CorsUtils.isCorsRequest(request))) {
				response.setStatus(HttpServletResponse.SC_FORBIDDEN);
				response.setContentType(MediaType.APPLICATION_JSON_VALUE);
				response.getOutputStream().write(EndpointProtection.refusal());
				return;
			}
		}
		chain.doFilter(request, response);
	}

}
