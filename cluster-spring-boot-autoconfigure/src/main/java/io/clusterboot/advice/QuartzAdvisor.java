package io.clusterboot.advice;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;

/**
 * Quartz schedulers that do not know of each other.
 */
public final class QuartzAdvisor implements Advisor {

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public QuartzAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.QUARTZ;
	}

	@Override
	public @Nullable String advise() throws SchedulerException {
		List<String> alone = new ArrayList<>();
		for (Map.Entry<String, Scheduler> scheduler : this.beans.ofType(Scheduler.class).entrySet()) {
			if (!scheduler.getValue().getMetaData().isJobStoreClustered()) {
				alone.add("%s, %s".formatted(scheduler.getKey(),
						scheduler.getValue().getMetaData().getJobStoreClass().getSimpleName()));
			}
		}
		return alone.isEmpty() ? null
				: ("each worker runs all Quartz jobs (%s). Set spring.quartz.job-store-type=jdbc and"
						+ " spring.quartz.properties.org.quartz.jobStore.isClustered=true")
					.formatted(Names.some(alone));
	}

}
