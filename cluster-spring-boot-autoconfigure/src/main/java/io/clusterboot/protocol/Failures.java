package io.clusterboot.protocol;

import java.util.concurrent.CompletionException;

/**
 * Failures of futures.
 */
public final class Failures {

	private Failures() {
	}

	/**
	 * What has failed, without what futures wrap it in.
	 * @param failure the failure
	 * @return its cause
	 */
	public static Throwable causeOf(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

}
