package io.clusterboot.autoconfigure;

import io.clusterboot.worker.Application;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;

/**
 * Connects the application context with the worker's agent: the application's readiness
 * opens and shuts the shared sockets, and nothing in the context is stopped before the
 * worker has drained.
 */
class ReadinessReporter implements Application, ApplicationListener<ApplicationEvent>, Ordered {

	private final WorkerAgent agent;

	private final ApplicationContext context;

	ReadinessReporter(WorkerAgent agent, ApplicationContext context) {
		this.agent = agent;
		this.context = context;
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		if (isOfChildContext(event)) {
			return;
		}
		if (event instanceof AvailabilityChangeEvent<?> change
				&& change.getState() instanceof ReadinessState readiness) {
			this.agent.readinessChanged(this, readiness);
		}
		else if (event instanceof ContextClosedEvent) {
			this.agent.applicationCloses(this);
		}
	}

	/**
	 * The context of a separate management port says the same of itself, and its events
	 * reach the listeners of its parent.
	 */
	private boolean isOfChildContext(ApplicationEvent event) {
		return event.getSource() instanceof ApplicationContext source && source != this.context;
	}

	@Override
	public void refuseTraffic() {
		AvailabilityChangeEvent.publish(this.context, ReadinessState.REFUSING_TRAFFIC);
	}

}
