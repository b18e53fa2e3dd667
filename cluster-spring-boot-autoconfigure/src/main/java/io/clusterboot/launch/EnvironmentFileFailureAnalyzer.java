package io.clusterboot.launch;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do about an {@link EnvironmentFileException}.
 */
class EnvironmentFileFailureAnalyzer extends AbstractFailureAnalyzer<EnvironmentFileException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, EnvironmentFileException cause) {
		return new FailureAnalysis("The environment of the workers cannot be read.\n\n" + cause.getMessage(),
				"Correct the file, or point cluster.worker.environment-file to another one.", cause);
	}

}
