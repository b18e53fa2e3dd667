package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.util.EnumSet;

import io.clusterboot.worker.RequestTracker.Ticket;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;

/**
 * Tells when requests that are processed asynchronously have a thread again. Handlers of
 * Jetty do not see that, since such a request comes back behind all of them.
 */
final class AsyncDispatches implements Filter {

	static final String TICKET = AsyncDispatches.class.getName() + ".ticket";

	private AsyncDispatches() {
	}

	static void track(ServletContext context) {
		FilterRegistration.Dynamic registration = context.addFilter("clusterAsyncDispatches", new AsyncDispatches());
		if (registration != null) {
			registration.setAsyncSupported(true);
			registration.addMappingForUrlPatterns(EnumSet.of(DispatcherType.ASYNC), false, "/*");
		}
	}

	@Override
	public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
			throws IOException, ServletException {
		if (!(request.getAttribute(TICKET) instanceof Ticket ticket)) {
			chain.doFilter(request, response);
			return;
		}
		ticket.resume();
		try {
			chain.doFilter(request, response);
		}
		finally {
			ticket.suspend();
		}
	}

}
