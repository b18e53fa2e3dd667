package io.clusterboot.scheduling;

import java.lang.reflect.Method;
import java.util.function.Supplier;

import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotationUtils;

/**
 * Intercepts the {@link OncePerCluster} methods of all beans, by a proxy like the one for
 * {@code @Async}. What is skipped opens no transaction, since this comes before the
 * advice that is there; and {@code @Async}, which comes before this, does not let a
 * permit go before its method has run.
 */
public final class OncePerClusterPostProcessor extends AbstractBeanFactoryAwareAdvisingPostProcessor {

	private static final long serialVersionUID = 1L;

	/**
	 * Create a post-processor.
	 * @param runs supplies what runs methods, when the first one is called
	 */
	public OncePerClusterPostProcessor(Supplier<ClusterRuns> runs) {
		this.advisor = new DefaultPointcutAdvisor(new AnnotationMatchingPointcut(null, OncePerCluster.class, true),
				new OncePerClusterInterceptor(runs));
		setBeforeExistingAdvisors(true);
		// before that of @Async
		setOrder(LOWEST_PRECEDENCE - 1);
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		check(AopUtils.getTargetClass(bean));
		return super.postProcessAfterInitialization(bean, beanName);
	}

	private static void check(Class<?> type) {
		if (AnnotationUtils.isCandidateClass(type, OncePerCluster.class)) {
			MethodIntrospector.selectMethods(type,
					(MethodIntrospector.MetadataLookup<OnceMethod>) (method) -> OnceMethod.of(method, type));
		}
	}

}
