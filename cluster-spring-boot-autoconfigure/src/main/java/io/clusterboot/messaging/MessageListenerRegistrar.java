package io.clusterboot.messaging;

import java.lang.reflect.Method;
import java.util.Map;

import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;

/**
 * Finds the {@link ClusterMessageListener} methods of all beans, without creating those
 * that are lazy.
 */
public final class MessageListenerRegistrar implements SmartInitializingSingleton {

	private final ConfigurableListableBeanFactory beanFactory;

	private final MessageListeners listeners;

	/**
	 * Create a registrar.
	 * @param beanFactory has the beans
	 * @param listeners gets the listeners
	 */
	public MessageListenerRegistrar(ConfigurableListableBeanFactory beanFactory, MessageListeners listeners) {
		this.beanFactory = beanFactory;
		this.listeners = listeners;
	}

	@Override
	public void afterSingletonsInstantiated() {
		for (String name : this.beanFactory.getBeanNamesForType(Object.class)) {
			// the target of a scoped proxy, which has the listeners
			if (!ScopedProxyUtils.isScopedTarget(name)) {
				register(name);
			}
		}
	}

	private void register(String name) {
		Class<?> type = AutoProxyUtils.determineTargetClass(this.beanFactory, name);
		if (type == null || !AnnotationUtils.isCandidateClass(type, ClusterMessageListener.class)) {
			return;
		}
		Map<Method, ClusterMessageListener> methods = MethodIntrospector.selectMethods(type,
				(MethodIntrospector.MetadataLookup<ClusterMessageListener>) (method) -> AnnotatedElementUtils
					.findMergedAnnotation(method, ClusterMessageListener.class));
		methods.forEach((method, annotation) -> {
			Class<?> exposed = this.beanFactory.getType(name);
			Method invocable = AopUtils.selectInvocableMethod(method, (exposed != null) ? exposed : type);
			this.listeners.add(annotation.topic(), new ListenerMethod(() -> this.beanFactory.getBean(name), invocable));
		});
	}

}
