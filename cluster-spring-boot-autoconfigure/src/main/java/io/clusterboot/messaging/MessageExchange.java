package io.clusterboot.messaging;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Cancel;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Envelope.Fence;
import io.clusterboot.protocol.Envelope.Gone;
import io.clusterboot.protocol.Envelope.Recipients;
import io.clusterboot.protocol.Envelope.Reply;
import io.clusterboot.protocol.Envelope.Settle;
import io.clusterboot.protocol.Envelope.Taken;
import io.clusterboot.protocol.Envelope.Undeliverable;
import io.clusterboot.protocol.Failures;
import io.clusterboot.worker.Correspondence;
import org.jspecify.annotations.Nullable;

/**
 * This worker's end of all messages: those that it sends, until they are over, and those
 * that it receives, until they are handled.
 * <p>
 * Whatever has a payload fills the window of its receiver until that has taken it. So the
 * queues on the way, here, in the primary and in the receiver, are bounded, without
 * anybody on the way having to wait or to refuse something.
 * <p>
 * Thread-safe.
 */
public final class MessageExchange implements Correspondence, Inbox.Office {

	private static final byte[] EMPTY = {};

	/** Far enough away, and not too far to be counted in nanoseconds. */
	private static final Duration FOREVER = Duration.ofDays(1000);

	private static final byte[] NULL = { 'n', 'u', 'l', 'l' };

	private static final int LONGEST_TOPIC = 1024;

	/** What a message takes besides its payload, about. */
	private static final int ENVELOPE_SIZE = 256;

	private final int self;

	private final ClusterProperties.Messaging settings;

	private final BiPredicate<Envelope, byte[]> post;

	private final ExecutorService threads;

	private final AtomicLong exchanges = new AtomicLong();

	private final Map<Long, Sending> sendings = new ConcurrentHashMap<>();

	private final ReadWriteLock posting = new ReentrantReadWriteLock();

	/** What had been sent when it was asked for what is settled, by the question. */
	private final Map<Long, Set<Long>> settling = new ConcurrentHashMap<>();

	private final Map<Integer, Semaphore> windows = new ConcurrentHashMap<>();

	private final Map<Source, Inbox> inboxes = new ConcurrentHashMap<>();

	private final Map<Channel, MessageHandler> handlers = new ConcurrentHashMap<>();

	private final AtomicInteger unfinished = new AtomicInteger();

	private final MessageStatistics statistics = new MessageStatistics();

	/** Whether messages may still come although this worker leaves. */
	private volatile boolean fenceAwaited;

	private volatile boolean closed;

	/**
	 * Create an exchange.
	 * @param self id of this worker
	 * @param settings how much may be under way, and for how long
	 * @param post sends an envelope without waiting; says whether there is a link
	 */
	public MessageExchange(int self, ClusterProperties.Messaging settings, BiPredicate<Envelope, byte[]> post) {
		this.self = self;
		this.settings = settings;
		this.post = post;
		ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
		AtomicInteger number = new AtomicInteger();
		this.threads = Executors.newCachedThreadPool((task) -> {
			Thread thread = new Thread(task, "cluster-message-" + number.incrementAndGet());
			thread.setContextClassLoader(classLoader);
			thread.setDaemon(true);
			return thread;
		});
	}

	/**
	 * Create an exchange for an application that does not run as a cluster.
	 * @param settings how much may be under way, and for how long
	 * @return an exchange of a worker that is alone
	 */
	public static MessageExchange alone(ClusterProperties.Messaging settings) {
		Loopback loopback = new Loopback();
		MessageExchange exchange = new MessageExchange(Loopback.SELF, settings, loopback);
		loopback.connect(exchange);
		return exchange;
	}

	/**
	 * Have what comes through a channel handled.
	 * @param channel the channel
	 * @param handler handles it
	 */
	public void handle(Channel channel, MessageHandler handler) {
		this.handlers.put(channel, handler);
	}

	int self() {
		return this.self;
	}

	MessageStatistics statistics() {
		return this.statistics;
	}

	/**
	 * The bytes that have been sent and not been taken yet.
	 * @return the number of bytes
	 */
	long pendingBytes() {
		return this.windows.values().stream().mapToLong((window) -> capacity() - window.availablePermits()).sum();
	}

	/**
	 * Send a message and wait until it has been taken.
	 * @param what what it is, for exceptions
	 * @param to address of the receiver
	 * @param topic what it is about
	 * @param payload JSON
	 * @throws ClusterMessagingException if it has not been taken
	 */
	void send(String what, int to, String topic, byte[] payload) {
		requireShort(what, topic);
		Delivery message = new Delivery(this.self, to, this.exchanges.incrementAndGet(), Channel.MESSAGE, topic, false,
				List.of());
		Semaphore window = window(what, to, payload.length, this.settings.sendTimeout());
		Sending sending = (to == Envelope.OTHERS) ? new BroadcastSending(what, window, size(payload))
				: new DirectSending(what, to, window, size(payload), null);
		begin(message.exchange(), sending, message, payload);
		awaitTaken(sending);
	}

	private static void requireShort(String what, String topic) {
		if (topic.length() > LONGEST_TOPIC) {
			throw new ClusterMessagingException(
					"%s: it has %d characters, and may have %d".formatted(what, topic.length(), LONGEST_TOPIC));
		}
	}

	private void awaitTaken(Sending sending) {
		try {
			sending.taken().get(this.settings.sendTimeout().toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			String missing = (sending instanceof BroadcastSending broadcast) ? " by " + broadcast.missing() : "";
			throw new ClusterMessagingException(
					"%s has not been taken%s within cluster.messaging.send-timeout (%d ms): ".formatted(sending.what(),
							missing, this.settings.sendTimeout().toMillis())
							+ "whoever handles messages there is too slow, or stands still. It may still be handled");
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() instanceof ClusterMessagingException cause) ? cause
					: new ClusterMessagingException(sending.what() + " failed", ex.getCause());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new ClusterMessagingException("Interrupted: %s may still be handled".formatted(sending.what()), ex);
		}
	}

	/**
	 * Send a message that is to be replied to. Waits only for room in the window.
	 * @param what what it is, for exceptions
	 * @param to address of the receiver
	 * @param channel what it is for
	 * @param topic what it is about
	 * @param payload JSON
	 * @param except ids of workers that do not get it, where the address leaves a choice
	 * @param timeout longest time to wait for the reply
	 * @param reader reads the reply, which is JSON
	 * @param <T> type of the reply
	 * @return completes with the reply, on a thread that may be held up; when the future
	 * is cancelled, or the time is over, the receiver is told
	 */
	public <T extends @Nullable Object> CompletableFuture<T> request(String what, int to, Channel channel, String topic,
			byte[] payload, List<Integer> except, Duration timeout, Function<byte[], T> reader) {
		long exchange = this.exchanges.incrementAndGet();
		long begun = System.nanoTime();
		Duration limit = (timeout.compareTo(FOREVER) < 0) ? timeout : FOREVER;
		CompletableFuture<byte[]> reply = new CompletableFuture<>();
		DirectSending sending;
		try {
			requireShort(what, topic);
			sending = new DirectSending(what, to, window(what, to, payload.length, limit), size(payload), reply);
		}
		catch (ClusterMessagingException ex) {
			return CompletableFuture.failedFuture(ex);
		}
		CompletableFuture<T> result = reply.handleAsync((json, failure) -> reader.apply(resultOf(json, failure)),
				this.threads);
		CompletableFuture<Void> timer = new CompletableFuture<Void>().orTimeout(limit.toMillis(),
				TimeUnit.MILLISECONDS);
		timer.whenComplete((nothing, over) -> {
			if (over instanceof TimeoutException) {
				// not on the thread that times out everything in this JVM: callers may do
				// anything
				this.threads.execute(() -> result
					.completeExceptionally(new ClusterMessagingException("%s was not replied to%s within %d ms"
						.formatted(what, describeReceiver(sending), limit.toMillis()))));
			}
		});
		result.whenComplete((value, failure) -> {
			timer.cancel(false);
			this.statistics.requested(System.nanoTime() - begun);
			if (!reply.isDone()) {
				abandon(exchange, sending, reply);
			}
		});
		begin(exchange, sending, new Delivery(this.self, to, exchange, channel, topic, true, except), payload);
		return result;
	}

	private static String describeReceiver(DirectSending sending) {
		return (sending.receiver() >= Envelope.PRIMARY) ? " by " + Sending.name(sending.receiver()) : "";
	}

	private static byte[] resultOf(byte @Nullable [] reply, @Nullable Throwable failure) {
		if (failure != null || reply == null) {
			throw new CompletionException(failure);
		}
		return reply;
	}

	private void abandon(long exchange, DirectSending sending, CompletableFuture<byte[]> reply) {
		reply.cancel(false);
		sending.cancel((receiver) -> this.post.test(new Cancel(this.self, receiver, exchange), EMPTY));
		forgetIfOver(exchange, sending);
	}

	/**
	 * Whoever sends waits here for those before. Fair, or a large message would starve.
	 */
	private Semaphore window(String what, int to, int length, Duration atMost) {
		Semaphore window = this.windows.computeIfAbsent(to, (address) -> new Semaphore(capacity(), true));
		Duration limit = (atMost.compareTo(this.settings.sendTimeout()) < 0) ? atMost : this.settings.sendTimeout();
		try {
			if (window.tryAcquire(length + ENVELOPE_SIZE, limit.toMillis(), TimeUnit.MILLISECONDS)) {
				return window;
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new ClusterMessagingException("Interrupted: %s was not sent".formatted(what), ex);
		}
		this.statistics.failed();
		throw new ReceiverBusyException(
				"%s was not sent within %d ms (cluster.messaging.send-timeout or its own), since %d bytes wait for being taken there"
					.formatted(what, limit.toMillis(), capacity() - window.availablePermits()));
	}

	private int capacity() {
		return (int) this.settings.maxPendingSize().toBytes() + ENVELOPE_SIZE;
	}

	private static int size(byte[] payload) {
		return payload.length + ENVELOPE_SIZE;
	}

	private void begin(long exchange, Sending sending, Envelope envelope, byte[] payload) {
		this.statistics.sent();
		sending.taken().whenComplete((nothing, failure) -> {
			if (failure != null) {
				this.statistics.failed();
			}
		});
		if (!post(exchange, sending, envelope, payload) || this.closed) {
			sending.fail(linkIsClosed(sending.what()));
			this.sendings.remove(exchange);
		}
	}

	/**
	 * In this order: whoever closes fails what it finds, and nothing comes after it.
	 * Whoever settles finds nothing that is not on its way.
	 */
	private boolean post(long exchange, Sending sending, Envelope envelope, byte[] payload) {
		this.posting.readLock().lock();
		try {
			this.sendings.put(exchange, sending);
			return this.post.test(envelope, payload);
		}
		finally {
			this.posting.readLock().unlock();
		}
	}

	private static ClusterMessagingException linkIsClosed(String what) {
		return new ClusterMessagingException(what + ": the link to the primary is closed");
	}

	@Override
	public void received(Envelope envelope, byte[] payload) {
		if (envelope instanceof Delivery message) {
			receivedMessage(message, payload);
		}
		else if (envelope instanceof Taken taken) {
			with(taken.exchange(), (sending) -> sending.takenBy(taken.from()));
		}
		else if (envelope instanceof Reply reply) {
			this.post.test(new Taken(this.self, reply.from(), reply.exchange()), EMPTY);
			with(reply.inReplyTo(), (sending) -> sending.replied(reply.from(), payload, reply.failure()));
		}
		else if (envelope instanceof Undeliverable undeliverable) {
			with(undeliverable.exchange(),
					(sending) -> sending.undeliverable(undeliverable.from(), undeliverable.reason()));
		}
		else if (envelope instanceof Recipients recipients) {
			with(recipients.exchange(), (sending) -> sending.recipients(recipients.workers()));
		}
		else if (envelope instanceof Cancel cancel) {
			// what is cancelled may reply, and wait for room for that
			this.threads.execute(() -> cancel(cancel));
		}
		else if (envelope instanceof Gone gone) {
			if (gone.settled() == 0) {
				settle(gone.worker());
			}
			else {
				gone(gone.worker(), this.settling.remove(gone.settled()));
			}
		}
		else if (envelope instanceof Fence) {
			this.fenceAwaited = false;
		}
	}

	private void cancel(Cancel cancel) {
		for (Channel channel : Channel.values()) {
			Inbox inbox = this.inboxes.get(new Source(cancel.from(), channel));
			if (inbox != null) {
				inbox.cancel(cancel.exchange());
			}
		}
	}

	private void receivedMessage(Delivery message, byte[] payload) {
		this.unfinished.incrementAndGet();
		MessageHandler handler = this.handlers.get(message.channel());
		if (handler == null) {
			undeliverable(message, "It handles no messages");
			return;
		}
		this.inboxes
			.computeIfAbsent(new Source(message.from(), message.channel()), (source) -> new Inbox(this, this.threads))
			.deliver(message, payload, handler);
	}

	private void with(long exchange, Consumer<Sending> action) {
		Sending sending = this.sendings.get(exchange);
		if (sending != null) {
			action.accept(sending);
			forgetIfOver(exchange, sending);
		}
	}

	private void forgetIfOver(long exchange, Sending sending) {
		if (sending.isOver()) {
			this.sendings.remove(exchange);
			this.windows.values().removeIf((window) -> window.availablePermits() == capacity());
		}
	}

	/**
	 * Have the primary first answer what finds the worker gone: that can be sent again,
	 * while nobody knows what the worker has done with the rest.
	 */
	private void settle(int worker) {
		long exchange = this.exchanges.incrementAndGet();
		this.posting.writeLock().lock();
		try {
			this.settling.put(exchange, Set.copyOf(this.sendings.keySet()));
			this.post.test(new Settle(this.self, exchange, worker), EMPTY);
		}
		finally {
			this.posting.writeLock().unlock();
		}
	}

	private void gone(int worker, @Nullable Set<Long> sent) {
		if (sent != null) {
			sent.forEach((exchange) -> with(exchange, (sending) -> sending.gone(worker)));
		}
		this.windows.remove(worker);
		for (Channel channel : Channel.values()) {
			Inbox inbox = this.inboxes.remove(new Source(worker, channel));
			if (inbox != null) {
				this.threads.execute(inbox::cancelAll);
			}
		}
	}

	@Override
	public void leaving() {
		this.fenceAwaited = true;
	}

	@Override
	public void linkClosed() {
		this.closed = true;
		this.sendings.values().forEach((sending) -> sending.fail(linkIsClosed(sending.what())));
		this.sendings.clear();
		this.settling.clear();
	}

	@Override
	public int unfinished() {
		return this.unfinished.get() + ((this.fenceAwaited && !this.closed) ? 1 : 0);
	}

	@Override
	public void taken(Delivery message) {
		this.statistics.received();
		this.post.test(new Taken(this.self, message.from(), message.exchange()), EMPTY);
	}

	@Override
	public void undeliverable(Delivery message, String reason) {
		this.unfinished.decrementAndGet();
		this.post.test(new Undeliverable(this.self, message.from(), message.exchange(), Envelope.shortened(reason)),
				EMPTY);
	}

	/**
	 * A message is finished when its reply has been taken: a process that exits earlier
	 * could take the reply with it.
	 */
	@Override
	public void handled(Delivery message, byte @Nullable [] reply, @Nullable Throwable failure) {
		if (!message.reply()) {
			this.unfinished.decrementAndGet();
			return;
		}
		try {
			reply(message, (reply != null) ? reply : NULL, failure).taken()
				.whenComplete((nothing, notTaken) -> this.unfinished.decrementAndGet());
		}
		catch (ClusterMessagingException ex) {
			this.unfinished.decrementAndGet();
			// small, and one for each request: it needs no room
			this.post.test(new Reply(this.self, message.from(), this.exchanges.incrementAndGet(), message.exchange(),
					Envelope.shortened(String.valueOf(ex.getMessage()))), EMPTY);
		}
	}

	private Sending reply(Delivery message, byte[] reply, @Nullable Throwable failure) {
		long exchange = this.exchanges.incrementAndGet();
		byte[] payload = (failure != null) ? EMPTY : reply;
		String what = "A reply about '%s' to %s".formatted(message.topic(), Sending.name(message.from()));
		if (size(payload) > capacity()) {
			throw new ClusterMessagingException("%s of %d bytes is more than cluster.messaging.max-pending-size allows"
				.formatted(what, payload.length));
		}
		Sending sending = new DirectSending(what, message.from(), window(what, message.from(), payload.length, FOREVER),
				size(payload), null);
		begin(exchange, sending, new Reply(this.self, message.from(), exchange, message.exchange(),
				(failure != null) ? Envelope.shortened(describe(failure)) : null), payload);
		return sending;
	}

	/**
	 * Who sends, and what for. Tasks must not hold up messages of the same sender.
	 */
	private record Source(int sender, Channel channel) {
	}

	private static String describe(Throwable failure) {
		Throwable cause = Failures.causeOf(failure);
		return (cause instanceof ClusterMessagingException) ? String.valueOf(cause.getMessage()) : cause.toString();
	}

}
