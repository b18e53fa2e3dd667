package io.clusterboot.advice;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.clusterboot.ClusterProperties.Advice.Topic;
import io.clusterboot.scheduling.OncePerCluster;
import org.jspecify.annotations.Nullable;

import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.core.annotation.RepeatableContainers;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.config.ScheduledTaskHolder;

/**
 * Methods that each worker runs at the same time.
 */
public final class ScheduledAdvisor implements Advisor {

	private static final String SHED_LOCK = "net.javacrumbs.shedlock.spring.annotation.SchedulerLock";

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public ScheduledAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.SCHEDULED;
	}

	@Override
	public @Nullable String advise() {
		Set<String> tasks = tasks();
		List<String> methods = this.beans.classes()
			.filter((type) -> AnnotationUtils.isCandidateClass(type, Scheduled.class))
			.flatMap((type) -> MethodIntrospector.selectMethods(type, ScheduledAdvisor::runsInEachWorker).stream())
			.filter((method) -> isScheduled(method, tasks))
			.map(Names::of)
			.distinct()
			.toList();
		return methods.isEmpty() ? null
				: "each worker runs %s at the same time. Annotate with @OncePerCluster, or use ShedLock"
					.formatted(Names.some(methods));
	}

	/**
	 * What Spring really runs: a schedule may be switched off by a property.
	 */
	private Set<String> tasks() {
		return this.beans.ofType(ScheduledTaskHolder.class)
			.values()
			.stream()
			.flatMap((holder) -> holder.getScheduledTasks().stream())
			.map(Object::toString)
			.collect(Collectors.toSet());
	}

	private static boolean isScheduled(Method method, Set<String> tasks) {
		String name = method.getDeclaringClass().getName() + "." + method.getName();
		return tasks.stream().anyMatch((task) -> task.startsWith(name));
	}

	private static boolean runsInEachWorker(Method method) {
		MergedAnnotations annotations = MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY,
				RepeatableContainers.standardRepeatables());
		return annotations.isPresent(Scheduled.class) && !annotations.isPresent(OncePerCluster.class)
				&& !annotations.isPresent(SHED_LOCK);
	}

}
