package io.clusterboot.launch;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.clusterboot.os.ReservedPort;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFSocket;
import org.newsclub.net.unix.AFSocketCapability;
import org.newsclub.net.unix.AFUNIXSocket;

import org.springframework.core.NativeDetector;
import org.springframework.core.SpringProperties;
import org.springframework.util.ClassUtils;

/**
 * Where and how an application is being started, apart from its own settings.
 *
 * @param worker whether this process is a worker
 * @param nativeImage whether this process is a native image
 * @param stack the stack of the thread that starts the application, innermost frame first
 * @param threadName the name of that thread
 * @param contextClassLoader the class name of that thread's context class loader
 * @param springProperties Spring's own switches, which are system properties
 * @param first whether this is the first application of this JVM
 * @param sharableServer whether Tomcat or Jetty is there to be the web server
 * @param reactorNetty whether Reactor Netty is there to be the web server of a reactive
 * application
 * @param operatingSystem the name of the operating system
 * @param descriptorPassing whether descriptors can be passed between processes here
 * @param reusePort whether processes can share a port without passing descriptors here
 */
record Circumstances(boolean worker, boolean nativeImage, List<StackTraceElement> stack, String threadName,
		String contextClassLoader, Function<String, @Nullable String> springProperties, boolean first,
		boolean sharableServer, boolean reactorNetty, String operatingSystem, Supplier<Boolean> descriptorPassing,
		Supplier<Boolean> reusePort) {

	private static final List<String> SHARABLE_SERVERS = List.of(
			"org.springframework.boot.tomcat.TomcatWebServerFactory",
			"org.springframework.boot.jetty.JettyWebServerFactory");

	private static final String REACTOR_NETTY = "org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory";

	static Circumstances ofThisThread(boolean first) {
		Thread thread = Thread.currentThread();
		ClassLoader loader = thread.getContextClassLoader();
		return new Circumstances(WorkerIdentity.ofThisProcess() != null, NativeDetector.inNativeImage(),
				List.of(thread.getStackTrace()), thread.getName(), (loader != null) ? loader.getClass().getName() : "",
				SpringProperties::getProperty, first,
				SHARABLE_SERVERS.stream().anyMatch((server) -> ClassUtils.isPresent(server, loader)),
				ClassUtils.isPresent(REACTOR_NETTY, loader), System.getProperty("os.name", ""),
				Circumstances::canPassDescriptors, () -> ReservedPort.isSupported(System.getProperty("os.name", "")));
	}

	private static boolean canPassDescriptors() {
		try {
			return AFUNIXSocket.isSupported() && AFSocket.supports(AFSocketCapability.CAPABILITY_FILE_DESCRIPTORS)
					&& AFSocket.supports(AFSocketCapability.CAPABILITY_PEER_CREDENTIALS);
		}
		catch (LinkageError ex) {
			return false;
		}
	}

	boolean isSpringPropertySet(String name, String value) {
		return value.equalsIgnoreCase(this.springProperties.apply(name));
	}

	boolean isOnStack(String... classNamePrefixes) {
		return this.stack.stream().map(StackTraceElement::getClassName).anyMatch(startsWithAny(classNamePrefixes));
	}

	/**
	 * Whether the thread began with the {@code main} method of the class, jar or module
	 * that the JVM was told to launch: only then does launching it again lead here again.
	 */
	boolean isWithinMain() {
		Predicate<String> launcher = startsWithAny("org.springframework.boot.loader.", "java.lang.reflect.",
				"java.lang.invoke.", "jdk.internal.", "sun.launcher.", "com.sun.tools.javac.launcher.");
		for (int i = this.stack.size() - 1; i >= 0; i--) {
			StackTraceElement frame = this.stack.get(i);
			if (!launcher.test(frame.getClassName())) {
				return frame.getMethodName().equals("main");
			}
		}
		return false;
	}

	boolean isWindows() {
		return this.operatingSystem.toLowerCase(Locale.ROOT).startsWith("windows");
	}

	private static Predicate<String> startsWithAny(String... prefixes) {
		return (name) -> {
			for (String prefix : prefixes) {
				if (name.startsWith(prefix)) {
					return true;
				}
			}
			return false;
		};
	}

}
