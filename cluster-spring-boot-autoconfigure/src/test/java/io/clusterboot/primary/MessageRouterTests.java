package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.Thread.State;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.ClusterMessagingException;
import io.clusterboot.messaging.MessageExchange;
import io.clusterboot.messaging.MessageHandler;
import io.clusterboot.messaging.MessageNotDeliveredException;
import io.clusterboot.messaging.WorkerGoneException;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.Message;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link MessageRouter} with {@link MessageExchange} at the other ends of its
 * links, over real sockets.
 */
class MessageRouterTests {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	@TempDir
	private Path directory;

	private final MessageRouter router = new MessageRouter(new PrimaryMailbox(new PrimaryListeners(List.of()), 1000));

	private final Map<Integer, Worker> workers = new HashMap<>();

	@BeforeEach
	void start() throws IOException {
		for (int id = 1; id <= 3; id++) {
			this.workers.put(id, new Worker(id));
		}
	}

	@AfterEach
	void stop() {
		this.workers.values().forEach((worker) -> worker.link.close());
	}

	private Worker worker(int id) {
		Worker worker = this.workers.get(id);
		assertThat(worker).isNotNull();
		return worker;
	}

	@Test
	void aRequestIsReplied() throws Exception {
		worker(2).replies((text) -> CompletableFuture.completedFuture("re: " + text));
		assertThat(worker(1).request(2, "question").get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
			.isEqualTo("re: question");
	}

	@Test
	void whoDoesNotAcceptIsSentNothing() {
		worker(2).replies((text) -> CompletableFuture.completedFuture("no"));
		this.router.leaves(2);
		assertFails(worker(1).request(2, "question"), MessageNotDeliveredException.class,
				"worker-2 accepts no messages");
		assertFails(worker(1).request(7, "question"), MessageNotDeliveredException.class, "There is no worker-7");
		assertFails(worker(1).request(Envelope.PRIMARY, "question"), MessageNotDeliveredException.class,
				"no PrimaryListener");
	}

	@Test
	void whatAWorkerSaidBeforeItWasGoneIsHeardAndTheRestFailsAtOnce() throws Exception {
		Map<String, CompletableFuture<String>> held = new ConcurrentHashMap<>();
		worker(2).replies((text) -> held.computeIfAbsent(text, (key) -> new CompletableFuture<>()));
		CompletableFuture<String> answered = worker(1).request(2, "first");
		CompletableFuture<String> unanswered = worker(1).request(2, "second");
		CompletableFuture<String> other = worker(3).request(2, "third");
		await().atMost(TIMEOUT).until(() -> held.size() == 3);
		held.get("first").complete("last words");
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 2);
		worker(2).link.close();
		assertThat(answered.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("last words");
		assertFails(unanswered, WorkerGoneException.class, "worker-2 is gone");
		assertFails(other, WorkerGoneException.class, "worker-2 is gone");
	}

	@Test
	void whatIsSentToAWorkerThatWasGoneAlreadyIsKnownNotToBeDelivered() {
		this.router.gone(2);
		// the news is read while something else is being sent
		Thread reader = new Thread(() -> worker(1).exchange.received(new Envelope.Gone(1, 2, 0), new byte[0]));
		worker(1).beforeDelivery = () -> {
			reader.start();
			await().atMost(TIMEOUT)
				.until(reader::getState, (state) -> state == State.WAITING || state == State.TERMINATED);
		};
		assertFails(worker(1).request(2, "question"), MessageNotDeliveredException.class, "There is no worker-2");
	}

	@Test
	void aSenderThatLosesItsLinkFailsAtOnce() {
		worker(2).replies((text) -> new CompletableFuture<>());
		CompletableFuture<String> waiting = worker(1).request(2, "question");
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 1);
		worker(1).link.close();
		assertFails(waiting, ClusterMessagingException.class, "link to the primary is closed");
	}

	@Test
	void thePrimaryIsAnsweredAndWindowsAreFreed() throws Exception {
		worker(1).exchange.handle(Channel.METRICS,
				worker(1).handler((text) -> CompletableFuture.completedFuture("of worker-1".repeat(1000))));
		for (int i = 0; i < 20; i++) {
			assertThat(
					this.router.ask(1, Channel.METRICS, "snapshot", TIMEOUT).get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
				.asString()
				.startsWith("of worker-1")
				.hasSize(11_000);
		}
		await().atMost(TIMEOUT).until(() -> worker(1).exchange.unfinished() == 0);
	}

	@Test
	void whomThePrimaryCannotAskIsNotWaitedFor() throws Exception {
		worker(1).exchange.handle(Channel.METRICS, worker(1).handler((text) -> new CompletableFuture<>()));
		CompletableFuture<byte[]> waiting = this.router.ask(1, Channel.METRICS, "snapshot", TIMEOUT);
		await().atMost(TIMEOUT).until(() -> worker(1).exchange.unfinished() == 1);
		worker(1).link.close();
		assertFails(waiting, IOException.class, "worker-1: it is gone");
		assertFails(this.router.ask(1, Channel.METRICS, "snapshot", TIMEOUT), IOException.class,
				"worker-1 accepts no messages");
		assertFails(this.router.ask(2, Channel.METRICS, "snapshot", TIMEOUT), IOException.class,
				"worker-2: It handles no messages");
		worker(3).exchange.handle(Channel.METRICS,
				worker(3).handler((text) -> CompletableFuture.completedFuture("x".repeat(70_000))));
		assertFails(this.router.ask(3, Channel.METRICS, "snapshot", TIMEOUT), IOException.class,
				"more than cluster.messaging.max-pending-size allows");
	}

	@Test
	void aTaskGoesToWhoHasTheLeastToDo() throws Exception {
		this.workers.values()
			.forEach((worker) -> worker.exchange.handle(Channel.TASK,
					worker.handler((text) -> new CompletableFuture<>())));
		this.router.load(1, 5);
		this.router.load(2, 1);
		this.router.load(3, 3);
		for (int i = 0; i < 4; i++) {
			worker(1).task("task");
		}
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() + worker(3).exchange.unfinished() == 4);
		assertThat(worker(2).exchange.unfinished()).isEqualTo(3);
	}

	@Test
	void aReceiverThatDoesNotKeepUpMakesTheSenderWaitAndThenFail() {
		CompletableFuture<String> released = new CompletableFuture<>();
		worker(2).replies((text) -> CompletableFuture.completedFuture(released.join()));
		List<CompletableFuture<String>> requests = new ArrayList<>();
		while (requests.isEmpty() || !requests.get(requests.size() - 1).isCompletedExceptionally()) {
			requests.add(worker(1).request(2, "x".repeat(1000)));
			assertThat(requests).hasSizeLessThan(10_000);
		}
		assertFails(requests.remove(requests.size() - 1), MessageNotDeliveredException.class,
				"bytes wait for being taken there");
		worker(3).replies((text) -> CompletableFuture.completedFuture("free"));
		assertThat(worker(1).request(3, "others are not concerned")).succeedsWithin(TIMEOUT).isEqualTo("free");
		released.complete("at last");
		requests.forEach((request) -> assertThat(request).succeedsWithin(TIMEOUT).isEqualTo("at last"));
	}

	@Test
	void aRequestThatIsCancelledIsCancelledInTheReceiver() {
		CompletableFuture<String> handling = new CompletableFuture<>();
		worker(2).replies((text) -> handling);
		CompletableFuture<String> request = worker(1).request(2, "question");
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 1);
		request.cancel(true);
		await().atMost(TIMEOUT).until(handling::isCancelled);
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 0);
	}

	@Test
	void aTaskThatIsCancelledAtOnceIsCancelledWhereverItIs() {
		List<CompletableFuture<String>> running = Collections.synchronizedList(new ArrayList<>());
		this.workers.values().forEach((worker) -> worker.exchange.handle(Channel.TASK, worker.handler((text) -> {
			CompletableFuture<String> result = new CompletableFuture<>();
			running.add(result);
			return result;
		})));
		CompletableFuture<String> other = worker(1).task("goes on");
		for (int i = 0; i < 50; i++) {
			worker(1).task("cancelled").cancel(true);
		}
		await().atMost(TIMEOUT)
			.until(() -> this.workers.values().stream().mapToInt((worker) -> worker.exchange.unfinished()).sum() == 1);
		assertThat(other).isNotDone();
		assertThat(running.stream().filter((result) -> !result.isDone())).hasSize(1);
	}

	@Test
	void whoLeavesWaitsUntilNothingMoreCanCome() {
		worker(2).replies((text) -> CompletableFuture.completedFuture("taken"));
		worker(2).exchange.leaving();
		assertThat(worker(1).request(2, "late")).succeedsWithin(TIMEOUT).isEqualTo("taken");
		// no more than the fence
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 1);
		this.router.leaves(2);
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 0);
		assertFails(worker(1).request(2, "too late"), MessageNotDeliveredException.class, "accepts no messages");
	}

	@Test
	void whenAllLeaveEachDoesItsTasksItself() {
		this.workers.values()
			.forEach((worker) -> worker.exchange.handle(Channel.TASK,
					worker.handler((text) -> CompletableFuture.completedFuture("by " + worker.id))));
		this.workers.keySet().forEach(this.router::leaves);
		assertThat(worker(2).task("task")).succeedsWithin(TIMEOUT).isEqualTo("by 2");
	}

	@Test
	void aReplyThatIsNoneIsShortEnough() {
		worker(2).replies((text) -> CompletableFuture.failedFuture(new IllegalStateException("x".repeat(2_000_000))));
		assertFails(worker(1).request(2, "question"), ClusterMessagingException.class, "failed in worker-2");
		await().atMost(TIMEOUT).until(() -> worker(2).exchange.unfinished() == 0);
	}

	@Test
	void nobodySpeaksForOthers() throws Exception {
		worker(3).replies((text) -> CompletableFuture.completedFuture("believed"));
		worker(1).link.post(new Delivery(2, 3, 1, Channel.MESSAGE, "topic", true, List.of()), new byte[0]);
		assertThat(worker(1).request(3, "own").get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("believed");
		// would come behind the forged one
		assertThat(worker(2).request(3, "real").get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("believed");
		assertThat(worker(3).handled).containsExactly("own", "real");
	}

	private static void assertFails(CompletableFuture<?> future, Class<? extends Exception> type, String message) {
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> future.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
			.havingCause()
			.isInstanceOf(type)
			.withMessageContaining(message);
	}

	/**
	 * A worker's end, and the primary's end that belongs to it.
	 */
	private final class Worker {

		private final List<String> handled = Collections.synchronizedList(new ArrayList<>());

		private final int id;

		private final Link link;

		private volatile Runnable beforeDelivery = () -> {
		};

		private final MessageExchange exchange;

		private Worker(int id) throws IOException {
			this.id = id;
			AFUNIXSocketAddress address = AFUNIXSocketAddress
				.of(MessageRouterTests.this.directory.resolve("worker" + id));
			AFUNIXSocket own;
			AFUNIXSocket other;
			try (AFUNIXServerSocket server = AFUNIXServerSocket.bindOn(address)) {
				own = AFUNIXSocket.connectTo(address);
				other = server.accept();
			}
			Link primary = new Link("worker-" + id, new DescriptorSocket(other), new PrimaryEnd(id));
			MessageRouterTests.this.router.joined(id, primary);
			MessageRouterTests.this.router.accepts(id);
			primary.start();
			this.link = new Link("primary", new DescriptorSocket(own), new WorkerEnd());
			this.exchange = new MessageExchange(id, new ClusterProperties.Messaging(DataSize.ofKilobytes(16),
					DataSize.ofKilobytes(64), Duration.ofMillis(500)), this::post);
			this.link.start();
		}

		private boolean post(Envelope envelope, byte[] payload) {
			if (envelope instanceof Delivery) {
				this.beforeDelivery.run();
			}
			return this.link.post(envelope, payload);
		}

		private CompletableFuture<String> request(int to, String text) {
			return request(to, Channel.MESSAGE, text);
		}

		private CompletableFuture<String> task(String text) {
			return request(Envelope.LEAST_BUSY, Channel.TASK, text);
		}

		private CompletableFuture<String> request(int to, Channel channel, String text) {
			return this.exchange.request("A request of worker-" + this.id, to, channel, "topic",
					text.getBytes(StandardCharsets.UTF_8), List.of(), TIMEOUT,
					(reply) -> new String(reply, StandardCharsets.UTF_8));
		}

		private void replies(Function<String, CompletableFuture<String>> reply) {
			this.exchange.handle(Channel.MESSAGE, handler(reply));
		}

		private MessageHandler handler(Function<String, CompletableFuture<String>> reply) {
			return (message, payload) -> new MessageHandler.Handling() {

				private @Nullable CompletableFuture<String> result;

				private boolean cancelled;

				@Override
				public synchronized CompletionStage<byte[]> handle() {
					if (this.cancelled) {
						return CompletableFuture.failedFuture(new CancellationException());
					}
					String text = new String(payload, StandardCharsets.UTF_8);
					Worker.this.handled.add(text);
					this.result = reply.apply(text);
					return this.result.thenApply((value) -> value.getBytes(StandardCharsets.UTF_8));
				}

				@Override
				public synchronized void cancel() {
					this.cancelled = true;
					if (this.result != null) {
						this.result.cancel(true);
					}
				}

			};
		}

		private final class WorkerEnd implements Link.Receiver {

			@Override
			public void received(Message message, List<FileDescriptor> descriptors) {
			}

			@Override
			public void received(Envelope envelope, byte[] payload) {
				Worker.this.exchange.received(envelope, payload);
			}

			@Override
			public void linkClosed(@Nullable IOException cause) {
				Worker.this.exchange.linkClosed();
			}

		}

	}

	private final class PrimaryEnd implements Link.Receiver {

		private final int id;

		private PrimaryEnd(int id) {
			this.id = id;
		}

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
			MessageRouterTests.this.router.route(this.id, envelope, payload);
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
			MessageRouterTests.this.router.gone(this.id);
		}

	}

}
