package io.clusterboot.actuate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.MappingMatch;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

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

	private final Supplier<@Nullable WebInvocationPrivilegeEvaluator> privileges;

	private final String operation;

	/**
	 * Create a handler.
	 * @param privileges gets who knows what the caller may do; where there is nobody, it
	 * is found out when he tries
	 * @param operation path of an operation of the {@code cluster} endpoint, as mapped in
	 * Spring MVC
	 */
	public DashboardSessionHandler(Supplier<@Nullable WebInvocationPrivilegeEvaluator> privileges, String operation) {
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
		response.getOutputStream().write(MAPPER.writeValueAsBytes(session));
	}

	private boolean mayWrite(HttpServletRequest request) {
		Authentication caller = SecurityContextHolder.getContext().getAuthentication();
		WebInvocationPrivilegeEvaluator privileges = this.privileges.get();
		boolean hasPrefix = request.getHttpServletMapping().getMappingMatch() == MappingMatch.PATH;
		String path = (hasPrefix ? request.getServletPath() : "") + this.operation;
		return privileges == null || privileges.isAllowed(request.getContextPath(), path, "POST", caller);
	}

}
