package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongFunction;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.LinkSocket;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.PlainSocket;
import io.clusterboot.protocol.Ticket;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;

/**
 * The worker's end of its link to the primary. When the link ends, all that waits for an
 * answer fails at once.
 */
final class PrimaryLink implements Link.Receiver {

	private static final int CONGESTED = 64;

	private final Link link;

	private final Orders orders;

	private final AtomicLong exchanges = new AtomicLong();

	private final Map<Long, CompletableFuture<Answered>> pending = new ConcurrentHashMap<>();

	private final LongAdder answeredRequests = new LongAdder();

	private final LongAdder answeringNanos = new LongAdder();

	private volatile boolean closed;

	private PrimaryLink(LinkSocket socket, Orders orders) {
		this.orders = orders;
		this.link = new Link("primary", socket, this);
	}

	/**
	 * Connect to the primary. Nothing is received before {@link #start()}.
	 * @param identity names the primary's socket
	 * @param orders gets what the primary says unasked
	 * @return the link
	 * @throws IOException if there is no primary
	 */
	static PrimaryLink connect(WorkerIdentity identity, Orders orders) throws IOException {
		LinkSocket socket = (identity.portSharing() == PortSharing.HANDLES)
				? DescriptorSocket.connect(identity.socket())
				: PlainSocket.connect(identity.socket(), Ticket.take(identity));
		return new PrimaryLink(socket, orders);
	}

	void start() {
		this.link.start();
	}

	boolean send(FromWorker message, FileDescriptor... descriptors) {
		return this.link.send(message, descriptors);
	}

	boolean send(FromWorker message, Consumer<Boolean> sent, FileDescriptor... descriptors) {
		return this.link.send(message, sent, descriptors);
	}

	boolean sendAndWait(FromWorker message) {
		return this.link.sendAndWait(message);
	}

	/**
	 * Whether the primary does not read, as while it is suspended. What can be done
	 * without is not sent then: if the queue ran full, the link would have to close.
	 * @return whether messages pile up
	 */
	boolean isCongested() {
		return this.link.backlog() >= CONGESTED;
	}

	/**
	 * What waits to be sent to the primary.
	 * @return the number of messages and envelopes
	 */
	int backlog() {
		return this.link.queued();
	}

	/**
	 * How often the primary has answered.
	 * @return the number of answers
	 */
	long answeredRequests() {
		return this.answeredRequests.sum();
	}

	/**
	 * How long the primary took for all of its answers. An outcome that is awaited for
	 * minutes, and what depends on other workers, is no measure of the link and does not
	 * count.
	 * @return the time in nanoseconds
	 */
	double answeringNanos() {
		return this.answeringNanos.sum();
	}

	/**
	 * Ask the primary something and wait for the answer.
	 * @param question makes the message that carries the given number
	 * @param timeout longest time to wait
	 * @return the answer, whose descriptors belong to the caller
	 * @throws IOException if the link is closed or the primary does not answer in time
	 */
	Answered ask(LongFunction<FromWorker> question, Duration timeout) throws IOException {
		try {
			return request(question, timeout).get();
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() instanceof IOException cause) ? cause : new IOException(ex.getCause());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted while waiting for the primary", ex);
		}
	}

	/**
	 * Ask the primary something.
	 * @param question makes the message that carries the given number
	 * @param timeout longest time to wait
	 * @return completes with the answer, whose descriptors belong to the caller, or with
	 * an {@link IOException} if the link is closed or the primary does not answer in time
	 */
	CompletableFuture<Answered> request(LongFunction<FromWorker> question, Duration timeout) {
		return request(question, timeout, new FileDescriptor[0]);
	}

	/**
	 * Offer the primary something that it answers in its own time, or else is gone.
	 * @param offer makes the message that carries the given number
	 * @param descriptors what travels along; they have to stay open until the answer
	 * @return completes with the answer, with a {@link NotSentException} if the primary
	 * will never learn of the offer, or with another {@link IOException} if the link is
	 * closed
	 */
	CompletableFuture<Answered> offer(LongFunction<FromWorker> offer, FileDescriptor... descriptors) {
		return request(offer, null, descriptors);
	}

	private CompletableFuture<Answered> request(LongFunction<FromWorker> question, @Nullable Duration timeout,
			FileDescriptor[] descriptors) {
		long exchange = this.exchanges.incrementAndGet();
		long asked = System.nanoTime();
		CompletableFuture<Answered> answer = new CompletableFuture<>();
		this.pending.put(exchange, answer);
		if (isCongested()) {
			answer.completeExceptionally(new NotSentException("The primary does not read what it is sent"));
		}
		else if (this.closed || !send(question.apply(exchange), (left) -> sent(answer, left), descriptors)) {
			answer.completeExceptionally(new NotSentException("The link to the primary is closed"));
		}
		if (timeout != null) {
			answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		return answer.handle((answered, failure) -> {
			this.pending.remove(exchange);
			if (failure instanceof TimeoutException && timeout != null) {
				throw new CompletionException(
						new IOException("The primary did not answer within " + timeout.toMillis() + " ms", failure));
			}
			if (failure != null) {
				throw new CompletionException(failure);
			}
			if (timeout != null && !(answered.message() instanceof FromPrimary.Outcome)) {
				this.answeredRequests.increment();
				this.answeringNanos.add(System.nanoTime() - asked);
			}
			return answered;
		});
	}

	private static void sent(CompletableFuture<Answered> answer, boolean left) {
		if (!left) {
			answer.completeExceptionally(new NotSentException("The link to the primary was closed before"));
		}
	}

	@Override
	public void received(Message message, List<FileDescriptor> descriptors) {
		if (message instanceof FromPrimary.Answer answer) {
			CompletableFuture<Answered> waiting = this.pending.remove(answer.exchange());
			if (waiting != null && waiting.complete(new Answered(answer, descriptors))) {
				return;
			}
		}
		else if (message instanceof FromPrimary.Connection connection) {
			if (descriptors.size() == 1) {
				this.orders.connection(connection, descriptors.get(0));
				return;
			}
			send(new FromWorker.ConnectionDeclined(connection.number()));
		}
		else if (message instanceof FromPrimary.Availability availability) {
			this.orders.availability(availability);
		}
		else if (message instanceof FromPrimary.Rebalance rebalance) {
			this.orders.rebalance(rebalance);
		}
		else if (message instanceof FromPrimary.Disconnect disconnect) {
			this.orders.disconnect(disconnect);
		}
		else if (message instanceof FromPrimary.News news) {
			this.orders.news(news);
		}
		descriptors.forEach(Descriptors::close);
	}

	boolean post(Envelope envelope, byte[] payload) {
		return this.link.post(envelope, payload);
	}

	@Override
	public void received(Envelope envelope, byte[] payload) {
		this.orders.received(envelope, payload);
	}

	@Override
	public void linkClosed(@Nullable IOException cause) {
		this.closed = true;
		this.pending.values()
			.forEach((answer) -> answer
				.completeExceptionally(new IOException("The link to the primary was closed before it answered")));
		this.orders.primaryLost();
	}

	/**
	 * The primary does not learn of a question.
	 */
	static final class NotSentException extends IOException {

		private static final long serialVersionUID = 1L;

		NotSentException(String message) {
			super(message);
		}

	}

	/**
	 * An answer of the primary's.
	 *
	 * @param message the answer
	 * @param descriptors what travelled along
	 */
	record Answered(FromPrimary.Answer message, List<FileDescriptor> descriptors) {
	}

	/**
	 * Gets what the primary says unasked.
	 */
	interface Orders {

		void connection(FromPrimary.Connection connection, FileDescriptor descriptor);

		void availability(FromPrimary.Availability availability);

		void rebalance(FromPrimary.Rebalance order);

		void disconnect(FromPrimary.Disconnect order);

		void news(FromPrimary.News news);

		void received(Envelope envelope, byte[] payload);

		void primaryLost();

	}

}
