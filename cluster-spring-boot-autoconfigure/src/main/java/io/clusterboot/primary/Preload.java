package io.clusterboot.primary;

import java.io.IOException;
import java.net.URL;
import java.security.CodeSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.util.ClassUtils;

/**
 * Loads every class that the primary may ever need. It was started from the user's files
 * and reads them for as long as it loads classes; once this is done, they may change in
 * any way. Workers are another matter: they have their own copies.
 * <p>
 * Classes are loaded and not initialized, on a thread that nobody waits for.
 */
final class Preload {

	private static final Log logger = LogFactory.getLog(Preload.class);

	/**
	 * Classes by which code is found. Of some of it the primary needs certain packages
	 * only.
	 */
	private static final List<Code> CODE = List.of(
			Code.of("io.clusterboot.primary.Primary", "io/clusterboot/*", "io/clusterboot/primary/*",
					"io/clusterboot/balancing/*", "io/clusterboot/launch/*", "io/clusterboot/protocol/*",
					"io/clusterboot/os/*", "io/clusterboot/dashboard/*", "io/clusterboot/metrics/*",
					"io/clusterboot/redis/*"),
			Code.of("org.newsclub.net.unix.AFUNIXSocket"), Code.of("tools.jackson.databind.json.JsonMapper"),
			Code.of("tools.jackson.core.JsonParser"), Code.of("com.fasterxml.jackson.annotation.JsonTypeInfo"),
			Code.of("org.apache.commons.logging.Log"), Code.of("org.slf4j.Logger"),
			Code.of("org.slf4j.bridge.SLF4JBridgeHandler"), Code.of("ch.qos.logback.classic.Logger"),
			Code.of("ch.qos.logback.core.Appender"), Code.of("org.apache.logging.log4j.Logger"),
			Code.of("org.apache.logging.slf4j.SLF4JLogger"), Code.of("org.apache.logging.log4j.core.Logger"),
			Code.of("org.apache.logging.slf4j.Log4jLogger"),
			Code.of("org.springframework.boot.SpringApplication", "org/springframework/boot/*",
					"org/springframework/boot/ansi/*", "org/springframework/boot/diagnostics/*",
					"org/springframework/boot/json/*", "org/springframework/boot/logging/**",
					"org/springframework/boot/system/*"),
			Code.of("org.springframework.util.StringUtils", "org/springframework/core/*",
					"org/springframework/core/env/*", "org/springframework/core/io/**", "org/springframework/util/*",
					"org/springframework/util/unit/*"),
			Code.of("org.springframework.boot.loader.launch.Launcher", "org/springframework/boot/loader/**"));

	/**
	 * What only the primary's own port needs.
	 */
	private static final List<Code> CODE_OF_PORT = List.of(
			Code.of("io.prometheus.metrics.model.snapshots.MetricSnapshots"),
			Code.of("io.prometheus.metrics.config.PrometheusProperties"),
			Code.of("io.prometheus.metrics.expositionformats.ExpositionFormats"),
			Code.of("io.prometheus.metrics.expositionformats.internal.PrometheusProtobufWriterImpl"));

	private final CountDownLatch done = new CountDownLatch(1);

	private final ClassLoader classLoader;

	private final boolean withPort;

	private int loaded;

	private Preload(ClassLoader classLoader, boolean withPort) {
		this.classLoader = classLoader;
		this.withPort = withPort;
	}

	/**
	 * Start loading.
	 * @param withPort whether the primary has a port of its own
	 * @return what to wait for
	 */
	static Preload start(boolean withPort) {
		Preload preload = new Preload(Preload.class.getClassLoader(), withPort);
		Thread thread = new Thread(preload::run, "cluster-preload");
		thread.setDaemon(true);
		thread.setPriority(Thread.MIN_PRIORITY);
		thread.start();
		return preload;
	}

	/**
	 * Wait until this process needs the files that it was started from no longer.
	 * @param atMost longest time to wait
	 * @return whether that is so
	 */
	boolean await(Duration atMost) {
		try {
			return this.done.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private void run() {
		long start = System.nanoTime();
		try {
			CODE.forEach(this::load);
			if (this.withPort) {
				CODE_OF_PORT.forEach(this::load);
			}
		}
		catch (RuntimeException | LinkageError ex) {
			logger.warn("Not all classes of the primary could be loaded: replace a jar by renaming, not in place", ex);
		}
		// The garbage of this, and of reading the configuration before, fills a heap that
		// is sized for the application.
		System.gc();
		logger.debug("%d classes loaded within %d ms: the files that this process was started from may change"
			.formatted(this.loaded, Duration.ofNanos(System.nanoTime() - start).toMillis()));
		this.done.countDown();
	}

	private void load(Code code) {
		String location = location(code.anchor());
		if (location == null) {
			return;
		}
		PathMatchingResourcePatternResolver resolver = new PathMatchingResourcePatternResolver(this.classLoader);
		for (String pattern : code.patterns()) {
			try {
				for (Resource resource : resolver.getResources(location + pattern + ".class")) {
					load(resource.getURL().toString().substring(location.length()));
				}
			}
			catch (IOException ex) {
				logger.debug("Cannot find %s in %s".formatted(pattern, location), ex);
			}
		}
	}

	/**
	 * Where a class comes from, if this application has it.
	 */
	private @Nullable String location(String className) {
		try {
			CodeSource source = Class.forName(className, false, this.classLoader).getProtectionDomain().getCodeSource();
			URL location = (source != null) ? source.getLocation() : null;
			if (location == null) {
				return null;
			}
			return (location.getPath().endsWith("/")) ? location.toString() : "jar:" + location + "!/";
		}
		catch (ClassNotFoundException | LinkageError ex) {
			return null;
		}
	}

	private void load(String file) {
		if (file.startsWith("META-INF/") || file.endsWith("-info.class")) {
			return;
		}
		String name = ClassUtils.convertResourcePathToClassName(file.substring(0, file.length() - ".class".length()));
		try {
			Class.forName(name, false, this.classLoader);
			this.loaded++;
		}
		catch (ClassNotFoundException | LinkageError ex) {
			// needs a library that this application does not have, so nobody can need it
		}
	}

	/**
	 * Classes that have come together.
	 *
	 * @param anchor a class of them
	 * @param patterns files to load
	 */
	private record Code(String anchor, List<String> patterns) {

		static Code of(String anchor, String... patterns) {
			return new Code(anchor, (patterns.length > 0) ? List.of(patterns) : List.of("**/*"));
		}

	}

}
