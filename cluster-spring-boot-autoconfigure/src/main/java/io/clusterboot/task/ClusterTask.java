package io.clusterboot.task;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a method of a bean that runs in any worker of the cluster when it is submitted to
 * the {@link ClusterTaskExecutor}.
 * <p>
 * The method may have one parameter, for the argument, which is read from JSON with the
 * application's own mapper. What it returns is the result; it may return a
 * {@link java.util.concurrent.CompletionStage} of it. When the task is cancelled, or its
 * time is over, its thread is interrupted.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface ClusterTask {

	/**
	 * The name by which it is submitted, which no other task of the application has.
	 * @return the name
	 */
	String value();

	/**
	 * Whether it does no harm to run it again when the worker that ran it has died in the
	 * middle.
	 * @return whether it may be run again
	 */
	boolean idempotent() default false;

}
