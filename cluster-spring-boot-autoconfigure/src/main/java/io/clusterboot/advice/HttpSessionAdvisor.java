package io.clusterboot.advice;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.stereotype.Controller;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Sessions in memory, of an application that is seen to use sessions.
 */
public final class HttpSessionAdvisor implements Advisor {

	private static final List<String> REPOSITORIES = List.of("org.springframework.session.SessionRepository",
			"org.springframework.session.ReactiveSessionRepository");

	private static final Set<String> IN_MEMORY = Set.of("org.springframework.session.MapSessionRepository",
			"org.springframework.session.ReactiveMapSessionRepository");

	private static final Set<String> SESSIONS = Set.of("jakarta.servlet.http.HttpSession",
			"org.springframework.web.server.WebSession");

	private static final String SECURITY = "org.springframework.security.web.SecurityFilterChain";

	private static final List<String> LOGINS = List.of("UsernamePasswordAuthenticationFilter",
			"OAuth2LoginAuthenticationFilter", "Saml2WebSsoAuthenticationFilter");

	private static final String ATTRIBUTE = "org.springframework.web.bind.annotation.SessionAttribute";

	private static final String ATTRIBUTES = "org.springframework.web.bind.annotation.SessionAttributes";

	private final ExistingBeans beans;

	/**
	 * Create an advisor.
	 * @param beans the application's beans
	 */
	public HttpSessionAdvisor(ExistingBeans beans) {
		this.beans = beans;
	}

	@Override
	public Topic topic() {
		return Topic.HTTP_SESSION;
	}

	@Override
	public @Nullable String advise() {
		List<String> users = isShared() ? List.of() : users();
		return users.isEmpty() ? null
				: ("sessions are in the memory of one worker each, and the next request may be another's (used by %s)."
						+ " Add Spring Session with Redis or JDBC")
					.formatted(Names.some(users));
	}

	private boolean isShared() {
		return REPOSITORIES.stream()
			.flatMap((type) -> this.beans.ofType(type).values().stream())
			.anyMatch((repository) -> !IN_MEMORY.contains(ClassUtils.getUserClass(repository).getName()));
	}

	private List<String> users() {
		Stream<String> scoped = this.beans.scoped("session").map((name) -> name.replaceFirst("^scopedTarget\\.", ""));
		Stream<String> controllers = this.beans.classes()
			.filter((type) -> AnnotatedElementUtils.hasAnnotation(type, Controller.class))
			.flatMap(HttpSessionAdvisor::users);
		return Stream.of(scoped, controllers, logins()).flatMap(Function.identity()).distinct().toList();
	}

	/**
	 * Spring Security keeps in a session who has logged in.
	 */
	private Stream<String> logins() {
		return this.beans.ofType(SECURITY)
			.entrySet()
			.stream()
			.filter((chain) -> filters(chain.getValue())
				.anyMatch((filter) -> LOGINS.contains(filter.getClass().getSimpleName())))
			.map(Map.Entry::getKey);
	}

	private static Stream<?> filters(Object chain) {
		Method method = ReflectionUtils.findMethod(chain.getClass(), "getFilters");
		Object filters = (method != null) ? ReflectionUtils.invokeMethod(method, chain) : null;
		return (filters instanceof List<?> list) ? list.stream() : Stream.empty();
	}

	private static Stream<String> users(Class<?> controller) {
		if (MergedAnnotations.from(controller, SearchStrategy.TYPE_HIERARCHY).isPresent(ATTRIBUTES)) {
			return Stream.of(controller.getSimpleName());
		}
		return Arrays.stream(ReflectionUtils.getUniqueDeclaredMethods(controller))
			.filter(HttpSessionAdvisor::takesSession)
			.map(Names::of);
	}

	private static boolean takesSession(Method method) {
		return Arrays.stream(method.getParameters())
			.anyMatch((parameter) -> SESSIONS.contains(parameter.getType().getName())
					|| MergedAnnotations.from(parameter).isPresent(ATTRIBUTE));
	}

}
