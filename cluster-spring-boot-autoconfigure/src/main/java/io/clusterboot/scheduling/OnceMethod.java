package io.clusterboot.scheduling;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Scheduled;

/**
 * A method that is to run once per cluster.
 *
 * @param name what it is known as
 * @param occasion what once means
 */
record OnceMethod(String name, Occasion occasion) {

	/**
	 * What a method is called for.
	 */
	enum Occasion {

		/**
		 * Whatever comes again: each call is one.
		 */
		EACH_CALL,

		/**
		 * The application is ready, which in a cluster is so once.
		 */
		START

	}

	/**
	 * Look at a method.
	 * @param method the method, of the bean's own class
	 * @param type the bean's class
	 * @return what is to run once per cluster, or {@code null} if it need not
	 * @throws IllegalStateException if it cannot
	 */
	static @Nullable OnceMethod of(Method method, Class<?> type) {
		OncePerCluster annotation = AnnotatedElementUtils.findMergedAnnotation(method, OncePerCluster.class);
		if (annotation == null) {
			return null;
		}
		if (method.getReturnType() != void.class) {
			throw unusable(method, "has to return void: in most workers it is not called and has nothing to return");
		}
		if ((method.getModifiers() & (Modifier.PRIVATE | Modifier.STATIC | Modifier.FINAL)) != 0) {
			throw unusable(method, "must be neither private nor static nor final: calls have to be intercepted");
		}
		String name = annotation.value().isEmpty() ? defaultName(method, type) : annotation.value();
		return new OnceMethod(name, occasion(method));
	}

	private static IllegalStateException unusable(Method method, String rule) {
		return new IllegalStateException("@OncePerCluster method %s.%s %s"
			.formatted(method.getDeclaringClass().getName(), method.getName(), rule));
	}

	private static String defaultName(Method method, Class<?> type) {
		return "%s.%s(%s)".formatted(type.getName(), method.getName(),
				Arrays.stream(method.getParameterTypes()).map(Class::getSimpleName).collect(Collectors.joining(",")));
	}

	private static Occasion occasion(Method method) {
		EventListener listener = AnnotatedElementUtils.findMergedAnnotation(method, EventListener.class);
		Class<?>[] events = (listener != null) ? listener.classes() : new Class<?>[0];
		boolean start = Stream.of(events, method.getParameterTypes())
			.flatMap(Arrays::stream)
			.anyMatch(ApplicationReadyEvent.class::equals);
		if (start && AnnotatedElementUtils.hasAnnotation(method, Scheduled.class)) {
			throw unusable(method, "cannot be called once and by a schedule: make two methods of it");
		}
		return start ? Occasion.START : Occasion.EACH_CALL;
	}

}
