package io.clusterboot.advice;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * The beans that the application has created: to give advice is no reason to create any.
 */
public final class ExistingBeans {

	private final ConfigurableListableBeanFactory beanFactory;

	/**
	 * Create a view.
	 * @param beanFactory has the beans
	 */
	public ExistingBeans(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	<T> Map<String, T> ofType(Class<T> type) {
		Map<String, T> beans = new LinkedHashMap<>();
		for (String name : this.beanFactory.getBeanNamesForType(type, false, false)) {
			if (this.beanFactory.containsSingleton(name)) {
				beans.put(name, this.beanFactory.getBean(name, type));
			}
		}
		return beans;
	}

	/**
	 * The beans of a type that the application need not have on its class path.
	 */
	Map<String, ?> ofType(String className) {
		try {
			return ofType(ClassUtils.forName(className, this.beanFactory.getBeanClassLoader()));
		}
		catch (ClassNotFoundException | LinkageError ex) {
			return Collections.emptyMap();
		}
	}

	/**
	 * The classes of all beans as they were written, without their proxies.
	 */
	Stream<Class<?>> classes() {
		return Arrays.stream(this.beanFactory.getBeanNamesForType(Object.class, true, false))
			.<Class<?>>mapMulti((name, classes) -> {
				Class<?> type = targetClass(name);
				if (type != null) {
					classes.accept(ClassUtils.getUserClass(type));
				}
			})
			.distinct();
	}

	private @Nullable Class<?> targetClass(String name) {
		return AutoProxyUtils.determineTargetClass(this.beanFactory, name);
	}

	/**
	 * The names of beans with a scope.
	 */
	Stream<String> scoped(String scope) {
		return Arrays.stream(this.beanFactory.getBeanDefinitionNames())
			.filter((name) -> scope.equals(this.beanFactory.getMergedBeanDefinition(name).getScope()));
	}

}
