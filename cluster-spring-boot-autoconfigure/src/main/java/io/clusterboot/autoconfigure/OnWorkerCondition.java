package io.clusterboot.autoconfigure;

import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches in a worker.
 */
class OnWorkerCondition extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Cluster worker");
		WorkerAgent agent = WorkerAgent.current();
		return (agent != null) ? ConditionOutcome.match(message.because("this process is " + agent.identity().name()))
				: ConditionOutcome.noMatch(message.because("this process is not a worker"));
	}

}
