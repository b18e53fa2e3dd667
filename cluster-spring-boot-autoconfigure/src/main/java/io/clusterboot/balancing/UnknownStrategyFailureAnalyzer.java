package io.clusterboot.balancing;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what can be chosen.
 */
class UnknownStrategyFailureAnalyzer extends AbstractFailureAnalyzer<UnknownStrategyException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnknownStrategyException cause) {
		return new FailureAnalysis(cause.getMessage(),
				"Set cluster.load-balancing to one of these, or put the class on the class path.", cause);
	}

}
