package io.clusterboot.scheduling;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import io.clusterboot.protocol.Verdict;
import org.junit.jupiter.api.Test;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link OncePerCluster} in an application context.
 */
class OncePerClusterTests {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private static final String PACKAGE = OncePerClusterTests.class.getName() + "$";

	private final StubPermits permits = new StubPermits().leader();

	private final ApplicationContextRunner plain = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AopAutoConfiguration.class));

	private final ApplicationContextRunner worker = this.plain.withUserConfiguration(WorkerConfiguration.class)
		.withBean(StubPermits.class, () -> this.permits);

	@Test
	void aScheduledMethodRunsWithAPermitUnderTheNameOfItsClassAndMethod() {
		this.worker.withUserConfiguration(Scheduling.class, Jobs.class).run((context) -> {
			await().atMost(TIMEOUT).until(() -> context.getBean(Jobs.class).calls().contains("scheduled"));
			assertThat(this.permits.log()).startsWith("acquire " + PACKAGE + "Jobs.scheduled()",
					"release " + PACKAGE + "Jobs.scheduled()");
		});
	}

	@Test
	void aScheduledMethodIsSkippedWithoutAPermit() {
		this.permits.answer(() -> Verdict.REFUSED);
		this.worker.withUserConfiguration(Scheduling.class, Jobs.class).run((context) -> {
			await().atMost(TIMEOUT).until(() -> this.permits.log().size() > 2);
			assertThat(context.getBean(Jobs.class).calls()).isEmpty();
		});
	}

	@Test
	void withoutAClusterItIsCalledAsAlways() {
		this.plain.withUserConfiguration(Scheduling.class, Jobs.class).run((context) -> {
			assertThat(AopUtils.isAopProxy(context.getBean(Jobs.class))).isFalse();
			await().atMost(TIMEOUT).until(() -> context.getBean(Jobs.class).calls().contains("scheduled"));
			ready(context);
			assertThat(context.getBean(Jobs.class).calls()).contains("ready", "ready event");
		});
	}

	@Test
	void aReadyListenerIsCalledOnceAndOnAThreadOfItsOwn() {
		this.worker.withUserConfiguration(Jobs.class).run((context) -> {
			ready(context);
			await().atMost(TIMEOUT).until(() -> this.permits.log().size() == 4);
			assertThat(this.permits.log()).containsExactlyInAnyOrder("acquire named", "complete named",
					"acquire " + PACKAGE + "Jobs.readyEvent(ApplicationReadyEvent)",
					"complete " + PACKAGE + "Jobs.readyEvent(ApplicationReadyEvent)");
			assertThat(context.getBean(Jobs.class).calls()).containsExactlyInAnyOrder("ready", "ready event");
			assertThat(context.getBean(Jobs.class).threads()).containsOnly("cluster-once");
		});
	}

	@Test
	void aReadyListenerThatHasBeenCalledElsewhereIsNotCalled() {
		this.permits.answer(() -> Verdict.DONE);
		this.worker.withUserConfiguration(Jobs.class).run((context) -> {
			ready(context);
			await().atMost(TIMEOUT).until(() -> this.permits.log().size() == 2);
			assertThat(context.getBean(Jobs.class).calls()).isEmpty();
		});
	}

	@Test
	void aMethodOfAnInterfaceIsInterceptedThroughAnInterfaceProxyIfThatIsAskedFor() {
		this.worker.withPropertyValues("spring.aop.proxy-target-class=false")
			.withUserConfiguration(Scheduling.class, ServiceImplementation.class)
			.run((context) -> {
				assertThat(AopUtils.isJdkDynamicProxy(context.getBean(Service.class))).isTrue();
				await().atMost(TIMEOUT)
					.until(() -> this.permits.log().contains("release " + PACKAGE + "ServiceImplementation.work()"));
			});
	}

	@Test
	void aBeanKeepsItsClassByDefault() {
		this.worker.withUserConfiguration(Scheduling.class, ServiceImplementation.class).run((context) -> {
			assertThat(AopUtils.isCglibProxy(context.getBean(ServiceImplementation.class))).isTrue();
			await().atMost(TIMEOUT)
				.until(() -> this.permits.log().contains("release " + PACKAGE + "ServiceImplementation.work()"));
		});
	}

	@Test
	void anAsynchronousRunKeepsItsPermitUntilItIsOver() {
		this.worker.withUserConfiguration(AsyncConfiguration.class, AsyncJob.class).run((context) -> {
			AsyncJob job = context.getBean(AsyncJob.class);
			job.run();
			await().atMost(TIMEOUT).until(() -> this.permits.log().contains("run"));
			assertThat(this.permits.log()).containsExactly("acquire async", "run");
			job.end();
			await().atMost(TIMEOUT).until(() -> this.permits.log().size() == 3);
			assertThat(this.permits.log()).containsExactly("acquire async", "run", "release async");
		});
	}

	@Test
	void aMethodThatReturnsSomethingFailsTheStart() {
		this.worker.withUserConfiguration(Returning.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("@OncePerCluster method " + PACKAGE + "Returning.count has to return void"));
	}

	@Test
	void aMethodThatCannotBeInterceptedFailsTheStart() {
		this.worker.withUserConfiguration(Final.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("must be neither private nor static nor final"));
	}

	@Test
	void onceAndByAScheduleDoNotGoTogether() {
		this.worker.withUserConfiguration(Contradictory.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("cannot be called once and by a schedule"));
	}

	private static void ready(ConfigurableApplicationContext context) {
		context.publishEvent(
				new ApplicationReadyEvent(new SpringApplication(), new String[0], context, Duration.ofSeconds(1)));
	}

	@Configuration(proxyBeanMethods = false)
	static class WorkerConfiguration {

		@Bean
		ClusterRuns clusterRuns(StubPermits permits) {
			return new ClusterRuns(permits);
		}

		@Bean
		static OncePerClusterPostProcessor oncePerClusterPostProcessor(ObjectProvider<ClusterRuns> runs) {
			return new OncePerClusterPostProcessor(runs::getObject);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class Scheduling {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	static class AsyncConfiguration {

	}

	@Component
	static class Jobs {

		private final List<String> calls = new CopyOnWriteArrayList<>();

		private final List<String> threads = new CopyOnWriteArrayList<>();

		List<String> calls() {
			return this.calls;
		}

		List<String> threads() {
			return this.threads;
		}

		@OncePerCluster
		@Scheduled(fixedDelay = 20)
		void scheduled() {
			this.calls.add("scheduled");
		}

		@OncePerCluster("named")
		@EventListener(ApplicationReadyEvent.class)
		void ready() {
			this.calls.add("ready");
			this.threads.add(Thread.currentThread().getName());
		}

		@OncePerCluster
		@EventListener
		void readyEvent(ApplicationReadyEvent event) {
			this.calls.add("ready event");
			this.threads.add(Thread.currentThread().getName());
		}

	}

	interface Service {

		@OncePerCluster
		void work();

	}

	@Component
	static class ServiceImplementation implements Service {

		@Override
		@Scheduled(fixedDelay = 20)
		public void work() {
		}

	}

	@Component
	static class AsyncJob {

		private final StubPermits permits;

		private final CountDownLatch end = new CountDownLatch(1);

		AsyncJob(StubPermits permits) {
			this.permits = permits;
		}

		@Async
		@OncePerCluster("async")
		void run() throws InterruptedException {
			this.permits.log().add("run");
			this.end.await();
		}

		// not final: the proxy has no field, and calls the bean
		void end() {
			this.end.countDown();
		}

	}

	@Component
	static class Returning {

		@OncePerCluster
		int count() {
			return 1;
		}

	}

	@Component
	static class Final {

		@OncePerCluster
		final void run() {
		}

	}

	@Component
	static class Contradictory {

		@OncePerCluster
		@Scheduled(fixedDelay = 20)
		@EventListener(ApplicationReadyEvent.class)
		void run() {
		}

	}

}
