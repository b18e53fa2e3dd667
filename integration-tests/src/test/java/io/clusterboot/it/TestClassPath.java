package io.clusterboot.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
	static List<Path> open(TestServer server) {
		return entries().filter(server::needs).filter((entry) -> !SECURITY.matcher(name(entry)).find()).toList();
	}

	/**
	 * What an application with Spring Security has besides.
	 */
	static List<Path> security(TestServer server) {
		return entries().filter(server::needs).filter((entry) -> SECURITY.matcher(name(entry)).find()).toList();
	}

	static String join(List<Path> entries) {
		return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
	}

	private static Stream<Path> entries() {
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		return Arrays.stream(classPath.split(File.pathSeparator))
			.map(Path::of)
			.filter((entry) -> !name(entry).endsWith(".jar") || !FOR_TESTS.matcher(name(entry)).find())
			.filter(Files::exists);
	}

	private static String name(Path entry) {
		return entry.getFileName().toString();
	}

}
