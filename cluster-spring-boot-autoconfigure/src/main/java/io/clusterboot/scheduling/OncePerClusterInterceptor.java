package io.clusterboot.scheduling;

import java.util.function.Supplier;

import io.clusterboot.scheduling.OnceMethod.Occasion;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;

/**
 * Intercepts calls of {@link OncePerCluster} methods.
 */
final class OncePerClusterInterceptor implements MethodInterceptor {

	private final Supplier<ClusterRuns> runs;

	OncePerClusterInterceptor(Supplier<ClusterRuns> runs) {
		this.runs = runs;
	}

	@Override
	public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
		Assert.state(invocation.getThis() != null, "A bean is no static class");
		Class<?> type = ClassUtils.getUserClass(AopUtils.getTargetClass(invocation.getThis()));
		OnceMethod method = OnceMethod.of(AopUtils.getMostSpecificMethod(invocation.getMethod(), type), type);
		Assert.state(method != null, "Only annotated methods are intercepted");
		if (method.occasion() == Occasion.START) {
			this.runs.get().hold(method.name(), invocation::proceed);
		}
		else {
			this.runs.get().runOrSkip(method.name(), invocation::proceed);
		}
		return null;
	}

}
