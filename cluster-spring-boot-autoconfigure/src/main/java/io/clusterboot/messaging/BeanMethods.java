package io.clusterboot.messaging;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.function.BiConsumer;

import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/**
 * Finds the methods of all beans that have an annotation, without creating those beans
 * that are lazy: a bean is asked for whenever its method is called.
 *
 * @param <A> the annotation
 */
public final class BeanMethods<A extends Annotation> {

	private final ConfigurableListableBeanFactory beanFactory;

	private final Class<A> annotation;

	/**
	 * Create a finder.
	 * @param beanFactory has the beans
	 * @param annotation the annotation
	 */
	public BeanMethods(ConfigurableListableBeanFactory beanFactory, Class<A> annotation) {
		this.beanFactory = beanFactory;
		this.annotation = annotation;
	}

	/**
	 * Find the methods.
	 * @param consumer gets each method with its annotation
	 * @throws IllegalStateException if a method cannot be called on its bean, or has
	 * parameters that cannot be filled
	 */
	public void forEach(BiConsumer<A, MessageMethod> consumer) {
		for (String name : this.beanFactory.getBeanNamesForType(Object.class)) {
			// its scoped proxy is a bean too
			if (!ScopedProxyUtils.isScopedTarget(name)) {
				forEach(name, consumer);
			}
		}
	}

	private void forEach(String name, BiConsumer<A, MessageMethod> consumer) {
		Class<?> type = AutoProxyUtils.determineTargetClass(this.beanFactory, name);
		if (type == null || !AnnotationUtils.isCandidateClass(type, this.annotation)) {
			return;
		}
		Map<Method, A> methods = MethodIntrospector.selectMethods(type,
				(MethodIntrospector.MetadataLookup<A>) (method) -> AnnotatedElementUtils.findMergedAnnotation(method,
						this.annotation));
		Class<?> exposed = this.beanFactory.getType(name);
		methods
			.forEach((method, found) -> consumer.accept(found, new MessageMethod(() -> this.beanFactory.getBean(name),
					AopUtils.selectInvocableMethod(method, (exposed != null) ? exposed : type))));
	}

}
