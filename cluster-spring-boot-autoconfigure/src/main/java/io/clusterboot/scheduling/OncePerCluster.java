package io.clusterboot.scheduling;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Has a method of a bean called in one worker of the cluster instead of in all. It never
 * runs twice at the same time on this machine, also when the worker that runs it drains
 * or is out of reach. In an application that runs without a cluster it means nothing: the
 * method is called as always.
 * <p>
 * On a {@code @Scheduled} method: each run takes place in the leader. In other workers,
 * and where a run is still under way elsewhere or the primary does not answer, it is
 * skipped; the next one comes with the schedule. The same goes for any other call.
 * <p>
 * On an {@code @EventListener} for {@code ApplicationReadyEvent}: the method is called
 * once in the life of the cluster, by the first leader, on a thread of its own and after
 * that worker has become ready. Workers that are started later, by a reload or instead of
 * one that died, do not call it again. If the leader exits before the method has
 * returned, the next one calls it: at least once, and never twice at the same time. An
 * exception is logged, and is an end like any other.
 * <p>
 * A worker that drains finishes a run that it has begun, within
 * {@code cluster.drain.timeout}.
 * <p>
 * The method has to return {@code void} and to be callable through a proxy, as with
 * {@code @Async}: calls within the bean are not affected.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface OncePerCluster {

	/**
	 * What the method is known as: methods with the same name do not run at the same
	 * time, and one that is to be called once is done when any of them is. Unless set,
	 * the class of the bean, the method and the types of its parameters.
	 * @return the name
	 */
	String value() default "";

}
