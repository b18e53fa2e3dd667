package io.clusterboot.worker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.WorkerState;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

import static org.awaitility.Awaitility.await;

/**
 * A real web application that is a worker, in this JVM: all that a worker's process has,
 * but for signals and its own end.
 */
final class TestWorker implements ProcessEnd, AutoCloseable {

	private final PlayedPrimary primary;

	private final DrivenClock clock = new DrivenClock();

	private final CountDownLatch mayBecomeReady;

	private final CompletableFuture<Integer> exit = new CompletableFuture<>();

	private final AtomicInteger halts = new AtomicInteger();

	private final List<String> systemProperties = new ArrayList<>();

	private CompletableFuture<ConfigurableApplicationContext> context = new CompletableFuture<>();

	private WorkerAgent agent;

	private TestWorker(PlayedPrimary primary, boolean ready) {
		this.primary = primary;
		this.mayBecomeReady = new CountDownLatch(ready ? 0 : 1);
	}

	static ClusterProperties properties(List<String> properties) {
		Map<String, String> map = new LinkedHashMap<>();
		for (String property : properties) {
			int equals = property.indexOf('=');
			map.put(property.substring(0, equals), property.substring(equals + 1));
		}
		return new Binder(new MapConfigurationPropertySource(map)).bindOrCreate("cluster", ClusterProperties.class);
	}

	/**
	 * Start a worker and wait until it is ready.
	 * @param primary its primary
	 * @param application the application
	 * @param properties its properties, of the form {@code name=value}
	 * @return the worker
	 */
	static TestWorker start(PlayedPrimary primary, SpringApplication application, List<String> properties)
			throws IOException {
		TestWorker worker = new TestWorker(primary, true);
		worker.run(application, properties);
		worker.awaitReady();
		return worker;
	}

	/**
	 * Start a worker that does not become ready yet, and wait until it listens.
	 * @param primary its primary
	 * @param application the application
	 * @param properties its properties, of the form {@code name=value}
	 * @return the worker
	 */
	static TestWorker startUnready(PlayedPrimary primary, SpringApplication application, List<String> properties)
			throws IOException {
		TestWorker worker = new TestWorker(primary, false);
		worker.run(application, properties);
		primary.address();
		return worker;
	}

	private void run(SpringApplication application, List<String> properties) throws IOException {
		for (String option : this.primary.identity().toJvmOptions()) {
			String[] property = option.substring("-D".length()).split("=", 2);
			System.setProperty(property[0], property[1]);
			this.systemProperties.add(property[0]);
		}
		this.agent = this.primary.employ(properties(properties), this, this.clock);
		application.setRegisterShutdownHook(false);
		application.addListeners((ApplicationListener<ApplicationStartedEvent>) (started) -> awaitPermission());
		String[] arguments = properties.stream().map((property) -> "--" + property).toArray(String[]::new);
		this.context = CompletableFuture.supplyAsync(() -> application.run(arguments),
				(task) -> new Thread(task, "application").start());
	}

	private void awaitPermission() {
		try {
			this.mayBecomeReady.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Let it become ready, and wait until it is.
	 */
	void awaitReady() {
		this.mayBecomeReady.countDown();
		this.context.join();
		this.primary.awaitSaid(new FromWorker.StateChanged(WorkerState.READY));
	}

	ConfigurableApplicationContext context() {
		return this.context.join();
	}

	<T> T bean(Class<T> type) {
		return context().getBean(type);
	}

	DrivenClock clock() {
		return this.clock;
	}

	int port() {
		return this.primary.address().getPort();
	}

	/**
	 * Wait until it has noticed which connections are closed.
	 * @param open number of those that are not
	 */
	void awaitConnections(int open) {
		await().until(() -> this.agent.connections() == open);
	}

	/**
	 * Whether it has ended its process.
	 */
	boolean hasExited() {
		return this.exit.isDone();
	}

	/**
	 * Wait until it has ended its process.
	 * @return the exit code
	 */
	int awaitExit() throws Exception {
		return this.exit.get(PlayedPrimary.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * As a JVM that exits closes the application by a hook.
	 */
	@Override
	public void exit(int status) {
		context().close();
		this.exit.complete(status);
	}

	@Override
	public void halt(int status) {
		this.halts.incrementAndGet();
	}

	@Override
	public void close() throws IOException {
		this.mayBecomeReady.countDown();
		this.clock.runFree();
		this.primary.close();
		if (!this.context.isCompletedExceptionally()) {
			context().close();
		}
		this.systemProperties.forEach(System::clearProperty);
	}

}
