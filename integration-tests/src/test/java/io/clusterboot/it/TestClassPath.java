package io.clusterboot.it;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What of the tests' class path the applications under test have on theirs.
 */
final class TestClassPath {

	private static final Pattern FOR_TESTS = Pattern.compile("surefire|failsafe|junit|opentest4j|apiguardian|mockito"
			+ "|assertj|awaitility|hamcrest|jsonassert|json-path|xmlunit|byte-buddy|objenesis|archunit|spring-test"
			+ "|spring-boot-test|spring-boot-starter-test|embedded-redis|testcontainers|docker-java|duct-tape"
			+ "|^jna|commons-codec");

	private static final Pattern SECURITY = Pattern.compile("spring-(boot-)?(starter-)?security");

	private TestClassPath() {
	}

	/**
	 * Without what only tests need, without Spring Security, whose presence closes an
	 * application, and without other web servers.
	 */
	static String open(TestServer server) {
		return of(server, (jar) -> !SECURITY.matcher(jar).find());
	}

	/**
	 * The same for the server that is tested ({@code test.server}).
	 */
	static String open() {
		return open(TestServer.selected());
	}

	/**
	 * The same with Spring Security.
	 */
	static String secured() {
		return of(TestServer.selected(), (jar) -> true);
	}

	private static String of(TestServer server, Predicate<String> wanted) {
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		return Arrays.stream(classPath.split(File.pathSeparator))
			.filter((entry) -> server.needs(entry))
			.filter((entry) -> {
				String jar = Path.of(entry).getFileName().toString();
				return !jar.endsWith(".jar") || (!FOR_TESTS.matcher(jar).find() && wanted.test(jar));
			})
			.collect(Collectors.joining(File.pathSeparator));
	}

}
