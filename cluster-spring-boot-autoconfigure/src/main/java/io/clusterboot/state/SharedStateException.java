package io.clusterboot.state;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/**
 * Shared state cannot be reached: Redis is down, or does not answer in time. It is not
 * known whether what was asked for has been done. A request that fails with it is
 * answered with 503.
 */
@ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
public final class SharedStateException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	SharedStateException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
