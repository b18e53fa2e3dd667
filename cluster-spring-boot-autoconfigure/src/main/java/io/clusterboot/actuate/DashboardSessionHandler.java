package io.clusterboot.actuate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.access.WebInvocationPrivilegeEvaluator;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.HttpRequestHandler;

/**
 * Tells the dashboard, where Spring Security is, what the caller may do and what has to
 * be sent along.
 */
public final class DashboardSessionHandler implements HttpRequestHandler {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private final ObjectProvider<WebInvocationPrivilegeEvaluator> privileges;

	private final String operation;

	/**
	 * Create a handler.
	 * @param privileges knows what the caller may do
	 * @param operation path of an operation of the {@code cluster} endpoint, within the
	 * servlet context
	 */
	public DashboardSessionHandler(ObjectProvider<WebInvocationPrivilegeEvaluator> privileges, String operation) {
		this.privileges = privileges;
		this.operation = operation;
	}

	@Override
	public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
		CsrfToken token = (CsrfToken) request.getAttribute(CsrfToken.class.getName());
		DashboardSession session = new DashboardSession(mayWrite(request),
				(token != null) ? token.getHeaderName() : null, (token != null) ? token.getToken() : null);
		response.setContentType("application/json");
		response.setCharacterEncoding(StandardCharsets.UTF_8.name());
		response.setHeader("Cache-Control", "no-store");
		response.getOutputStream().write(MAPPER.writeValueAsBytes(session));
	}

	private boolean mayWrite(HttpServletRequest request) {
		Authentication caller = SecurityContextHolder.getContext().getAuthentication();
		WebInvocationPrivilegeEvaluator privileges = this.privileges.getIfAvailable();
		return privileges == null || privileges.isAllowed(request.getContextPath(),
				request.getServletPath() + this.operation, "POST", caller);
	}

}
