package io.clusterboot.actuate;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What the dashboard is told of its caller.
 *
 * @param mayWrite whether the caller may call operations
 * @param csrfHeader name of the header with the token against forged requests, if there
 * is one
 * @param csrfToken the token
 */
record DashboardSession(boolean mayWrite, @Nullable String csrfHeader,
		@Nullable String csrfToken) implements OperationResponseBody {

	/** The session of a caller whom nothing is asked. */
	static final DashboardSession UNPROTECTED = new DashboardSession(true, null, null);

}
