package io.clusterboot.advice;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * How advice names what it is about.
 */
final class Names {

	private static final int MOST = 3;

	private Names() {
	}

	static String of(Method method) {
		return method.getDeclaringClass().getSimpleName() + "." + method.getName();
	}

	/**
	 * As many names as fit into a line that can be read.
	 */
	static String some(Collection<String> names) {
		String some = names.stream().limit(MOST).collect(Collectors.joining(", "));
		return (names.size() > MOST) ? some + " and " + (names.size() - MOST) + " more" : some;
	}

}
