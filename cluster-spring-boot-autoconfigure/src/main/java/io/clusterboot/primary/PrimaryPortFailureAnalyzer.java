package io.clusterboot.primary;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do about a {@link PrimaryPortException}.
 */
class PrimaryPortFailureAnalyzer extends AbstractFailureAnalyzer<PrimaryPortException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, PrimaryPortException cause) {
		return new FailureAnalysis(cause.getMessage(),
				"End the process that listens there, or give cluster.primary.port and cluster.primary.address"
						+ " a port and an address that this machine has to spare.",
				cause);
	}

}
