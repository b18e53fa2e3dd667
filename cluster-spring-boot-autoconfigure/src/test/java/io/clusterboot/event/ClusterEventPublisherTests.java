package io.clusterboot.event;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.protocol.WorkerState;
import io.clusterboot.worker.ClusterNews;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.context.support.DefaultLifecycleProcessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ClusterEventPublisher} and {@link WorkerClusterInfo}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ClusterEventPublisherTests {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private static final MemberDescription WORKER = new MemberDescription(2, 1, 4711, WorkerState.READY);

	private static final ClusterMember MEMBER = new ClusterMember(2, 1, 4711, WorkerState.READY);

	private final ClusterNews news = new ClusterNews();

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withUserConfiguration(Configured.class)
		.withBean(ClusterNews.class, () -> this.news);

	@Test
	void everythingIsPublishedInOrderOnOneThreadOnceTheContextHasStarted() {
		happened(new Occurrence.Online(WORKER));
		this.contextRunner.run((context) -> {
			Listener listener = context.getBean(Listener.class);
			happened(new Occurrence.Listening(WORKER));
			happened(new Occurrence.ReloadStarted(ReloadDescription.none(1)));
			happened(new Occurrence.ReloadFinished(ReloadDescription.none(2)));
			happened(new Occurrence.Scaled(2, 3));
			happened(new Occurrence.Disconnected(WORKER));
			happened(new Occurrence.Exited(WORKER, 137, "SIGKILL"));
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(listener.received).containsExactly(new WorkerOnlineEvent(MEMBER),
						new WorkerListeningEvent(MEMBER), new ReloadStartedEvent(ReloadDescription.none(1)),
						new ReloadFinishedEvent(ReloadDescription.none(2)), new ScaledEvent(2, 3),
						new WorkerDisconnectedEvent(MEMBER), new WorkerExitedEvent(MEMBER, 137, "SIGKILL")));
			assertThat(listener.threads).containsOnly("cluster-events");
			assertThat(listener.exits).containsExactly(137);
		});
	}

	@Test
	void aListenerThatThrowsIsLoggedAndStopsNothing(CapturedOutput output) {
		this.contextRunner.run((context) -> {
			Listener listener = context.getBean(Listener.class);
			happened(new Occurrence.Scaled(0, 1));
			happened(new Occurrence.Scaled(1, 2));
			await().atMost(TIMEOUT).until(() -> listener.received.contains(new ScaledEvent(1, 2)));
			assertThat(output).contains("A listener failed to handle ScaledEvent[from=0, to=1]", "on purpose");
		});
	}

	@Test
	void theEndWaitsForAListenerAndThenNothingIsPublished() {
		this.contextRunner.run((context) -> {
			Listener listener = context.getBean(Listener.class);
			happened(new Occurrence.Scaled(7, 7));
			listener.busy.await();
			Thread closing = new Thread(context::close);
			closing.start();
			await().atMost(TIMEOUT).until(() -> listener.closes);
			happened(new Occurrence.Scaled(1, 2));
			assertThat(closing.isAlive()).isTrue();
			listener.goOn.countDown();
			closing.join(TIMEOUT.toMillis());
			assertThat(closing.isAlive()).isFalse();
			assertThat(listener.received).containsExactly(new ScaledEvent(7, 7));
		});
	}

	/**
	 * If the end waited for that listener, the context would go on after ten minutes.
	 */
	@Test
	void aListenerMayCloseTheContext() {
		DefaultLifecycleProcessor patient = new DefaultLifecycleProcessor();
		patient.setTimeoutPerShutdownPhase(TimeUnit.MINUTES.toMillis(10));
		this.contextRunner.withBean("lifecycleProcessor", DefaultLifecycleProcessor.class, () -> patient)
			.run((context) -> {
				context.getBean(Listener.class).onLast = context::close;
				happened(new Occurrence.Scaled(9, 9));
				await().atMost(TIMEOUT).until(() -> !context.isActive());
				await().atMost(TIMEOUT)
					.until(() -> Thread.getAllStackTraces()
						.keySet()
						.stream()
						.noneMatch((thread) -> thread.getName().equals("cluster-events")));
			});
	}

	@Test
	void infoIsWhatThePrimaryHasToldLast() {
		ClusterInfo info = new WorkerClusterInfo(new WorkerIdentity(2, 1, 1, 0, Path.of("s"), PortSharing.HANDLES),
				this.news);
		assertThat(info.id()).isEqualTo(2);
		assertThat(info.index()).isEqualTo(1);
		assertThat(info.members()).isEmpty();
		this.news.received(new FromPrimary.Members(List.of(WORKER)));
		assertThat(info.members()).containsExactly(MEMBER);
		assertThat(info.isLeader()).isFalse();
		this.news.received(new FromPrimary.Appointed(0));
		assertThat(info.isLeader()).isTrue();
	}

	private void happened(Occurrence occurrence) {
		this.news.received(new FromPrimary.Happened(occurrence));
	}

	@Configuration(proxyBeanMethods = false)
	static class Configured {

		@Bean
		ClusterEventPublisher clusterEventPublisher(ClusterNews news, ApplicationEventPublisher publisher) {
			return new ClusterEventPublisher(news.occurrences(), publisher);
		}

		@Bean
		Listener listener() {
			return new Listener();
		}

	}

	static class Listener {

		private final List<ClusterEvent> received = new CopyOnWriteArrayList<>();

		private final List<String> threads = new CopyOnWriteArrayList<>();

		private final List<Integer> exits = new CopyOnWriteArrayList<>();

		private final CountDownLatch busy = new CountDownLatch(1);

		private final CountDownLatch goOn = new CountDownLatch(1);

		private volatile boolean closes;

		private volatile Runnable onLast = () -> {
		};

		@EventListener(ContextClosedEvent.class)
		void closed() {
			this.closes = true;
		}

		@EventListener
		void exited(WorkerExitedEvent event) {
			this.exits.add(event.code());
		}

		@EventListener
		void happened(ClusterEvent event) throws InterruptedException {
			this.received.add(event);
			this.threads.add(Thread.currentThread().getName());
			if (event.equals(new ScaledEvent(0, 1))) {
				throw new IllegalStateException("on purpose");
			}
			if (event.equals(new ScaledEvent(7, 7))) {
				this.busy.countDown();
				this.goOn.await();
			}
			if (event.equals(new ScaledEvent(9, 9))) {
				this.onLast.run();
			}
		}

	}

}
