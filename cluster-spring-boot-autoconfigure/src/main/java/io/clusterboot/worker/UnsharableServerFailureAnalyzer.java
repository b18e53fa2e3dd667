package io.clusterboot.worker;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do about an {@link UnsharableServerException}.
 */
class UnsharableServerFailureAnalyzer extends AbstractFailureAnalyzer<UnsharableServerException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnsharableServerException cause) {
		return new FailureAnalysis(String.valueOf(cause.getMessage()),
				"Use Tomcat with its NIO connector, Jetty with its ServerConnector, or Reactor Netty with HTTP/1.1 or HTTP/2, "
						+ "or set cluster.enabled=false to run the application without workers.",
				cause);
	}

}
