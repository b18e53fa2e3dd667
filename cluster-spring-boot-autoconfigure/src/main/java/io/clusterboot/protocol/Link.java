package io.clusterboot.protocol;

import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One end of the connection between the primary and a worker. Two threads serve a link,
 * so that nobody who sends waits for a peer that does not read. A connection is written
 * by the thread that passes it on, where that is certain to fit into the socket: a client
 * waits for it, and waking another thread takes longer than writing.
 * <p>
 * What controls the cluster goes first and keeps its order. Its queue is bounded, and a
 * peer that lets it run full loses the link. {@linkplain Envelope Envelopes}, which keep
 * their order too, wait meanwhile. Their queue needs no bound of its own: their senders
 * wait until what they have sent has been taken.
 * <p>
 * Thread-safe.
 */
public final class Link implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Link.class);

	private static final int QUEUE_CAPACITY = 1024;

	private static final Duration LAST_WORDS = Duration.ofSeconds(1);

	/**
	 * Part of the socket's buffer that is filled without asking whether there is room.
	 */
	private static final int SAFE_SHARE = 4;

	/** Is told that a frame has left, and does not mind. */
	private static final Consumer<Boolean> NOBODY = (left) -> {
	};

	private final String peer;

	private final LinkSocket socket;

	private final Receiver receiver;

	private final BlockingQueue<Outgoing> outgoing = new ArrayBlockingQueue<>(QUEUE_CAPACITY);

	private final Queue<Outgoing> envelopes = new ConcurrentLinkedQueue<>();

	/** Held by the thread that writes. */
	private final Lock writing = new ReentrantLock();

	private final SendWindow window;

	/** Whether the last message may have been written in part, known to who writes. */
	private boolean broken;

	/** As many as there are frames in both queues. */
	private final Semaphore queued = new Semaphore(0);

	private final CountDownLatch ended = new CountDownLatch(1);

	private final AtomicBoolean closed = new AtomicBoolean();

	private boolean refused;

	/**
	 * Create a link over a connected socket, which it owns from now on.
	 * @param peer what the other side is called in logs and thread names
	 * @param socket the connected socket
	 * @param receiver gets what comes in
	 */
	public Link(String peer, LinkSocket socket, Receiver receiver) {
		this.peer = peer;
		this.socket = socket;
		this.receiver = receiver;
		this.window = new SendWindow(sendBuffer(socket) / SAFE_SHARE);
	}

	private static int sendBuffer(LinkSocket socket) {
		try {
			return socket.sendBuffer();
		}
		catch (IOException ex) {
			logger.debug("The size of a socket's buffer is not known", ex);
			return 0;
		}
	}

	/**
	 * Begin to receive and to send.
	 */
	public void start() {
		startThread("cluster-read-" + this.peer, this::readAll);
		startThread("cluster-write-" + this.peer, this::writeAll);
	}

	/**
	 * Send a message, without waiting for it to leave.
	 * @param message the message
	 * @param descriptors what travels along; they have to stay open until the link is
	 * closed or the other side has answered, and are not closed by the link
	 * @return {@code false} if the link is closed, or had to be closed because the peer
	 * does not read
	 */
	public boolean send(Message message, FileDescriptor... descriptors) {
		return send(message, NOBODY, descriptors);
	}

	/**
	 * Send a message, without waiting for it to leave.
	 * @param message the message
	 * @param sent is told, once, whether it has left this process, unless this returns
	 * {@code false}. What has not left will never arrive
	 * @param descriptors what travels along; they have to stay open until then
	 * @return {@code false} if the link is closed, or had to be closed because the peer
	 * does not read
	 */
	public boolean send(Message message, Consumer<Boolean> sent, FileDescriptor... descriptors) {
		Outgoing frame = Outgoing.of(message, sent, descriptors);
		return frame.answered() && writtenHere(frame, false) || enqueue(frame);
	}

	/**
	 * Send a message, and wait until it has left this process.
	 * @param message the message
	 * @return whether it has left; if not, the link is closed and it will never arrive
	 */
	public boolean sendAndWait(Message message) {
		CompletableFuture<Boolean> sent = new CompletableFuture<>();
		Outgoing frame = Outgoing.of(message, sent::complete);
		return writtenHere(frame, true) || enqueue(frame) && sent.join();
	}

	/**
	 * Write a frame on this thread, if nothing is before it. When that fails, nobody
	 * knows how much of it has left: nothing may be written any more, and the link's own
	 * thread closes it.
	 * @return whether it has been written
	 */
	private boolean writtenHere(Outgoing frame, boolean mayWait) {
		if (this.closed.get() || !this.socket.isWritable() || !this.writing.tryLock()) {
			return false;
		}
		try {
			if (this.broken || !this.outgoing.isEmpty() || !mayWait && !this.window.fits(frame.bytes().length)) {
				return false;
			}
			write(frame);
		}
		catch (IOException ex) {
			logger.debug("Writing to " + this.peer + " failed", ex);
			return false;
		}
		finally {
			this.writing.unlock();
		}
		frame.sent().accept(true);
		return true;
	}

	private boolean enqueue(Outgoing frame) {
		if (this.closed.get()) {
			return false;
		}
		if (!this.outgoing.offer(frame)) {
			close(new IOException("%s does not read: %d messages wait for it".formatted(this.peer, QUEUE_CAPACITY)));
			return false;
		}
		this.queued.release();
		// the link may have been closed, and its queue emptied, since the first look
		return !(this.closed.get() && this.outgoing.remove(frame));
	}

	/**
	 * Send an envelope, without waiting for it to leave.
	 * @param envelope the envelope
	 * @param payload what is in it
	 * @return {@code false} if the link is closed
	 */
	public boolean post(Envelope envelope, byte[] payload) {
		if (this.closed.get()) {
			return false;
		}
		this.envelopes.add(new Outgoing(FrameCodec.encode(envelope, 0, payload), List.of(), NOBODY, false));
		this.queued.release();
		return true;
	}

	/**
	 * Wait until all that the other side has sent before it closed the link has been
	 * received.
	 * @param atMost longest time to wait
	 * @throws InterruptedException if the thread is interrupted
	 */
	public void awaitEnd(Duration atMost) throws InterruptedException {
		this.ended.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * The number of messages that wait to be sent.
	 * @return the number, without envelopes
	 */
	public int backlog() {
		return this.outgoing.size();
	}

	/**
	 * The number of messages and envelopes that wait to be sent.
	 * @return the number
	 */
	public int queued() {
		return this.closed.get() ? 0 : this.queued.availablePermits();
	}

	@Override
	public void close() {
		close(null);
	}

	private void close(@Nullable IOException cause) {
		if (!this.closed.compareAndSet(false, true)) {
			return;
		}
		List<Outgoing> unsent = new ArrayList<>();
		this.outgoing.drainTo(unsent);
		this.envelopes.clear();
		this.outgoing.offer(Outgoing.END);
		this.queued.release();
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			logger.debug("Closing the link to " + this.peer + " failed", ex);
		}
		if (cause != null) {
			logger.error("Link to " + this.peer + " closed: " + cause.getMessage());
		}
		unsent.forEach((frame) -> frame.sent().accept(false));
		this.receiver.linkClosed(cause);
	}

	private void readAll() {
		Deque<FileDescriptor> received = new ArrayDeque<>();
		IOException cause = null;
		try (DataInputStream in = new DataInputStream(this.socket.input())) {
			FrameCodec.Frame frame;
			while ((frame = FrameCodec.read(in)) != null) {
				this.socket.takeDescriptors(received);
				List<FileDescriptor> descriptors = take(received, frame);
				if (frame.message() instanceof Envelope envelope) {
					descriptors.forEach(Descriptors::close);
					this.receiver.received(envelope, frame.payload());
				}
				else {
					if (frame.message() instanceof FromWorker.ConnectionAnswered) {
						this.window.read();
					}
					this.receiver.received(frame.message(), descriptors);
				}
			}
		}
		catch (FrameCodec.MalformedFrameException ex) {
			cause = ex;
		}
		catch (IOException ex) {
			logger.debug("Reading from " + this.peer + " failed", ex);
		}
		catch (RuntimeException | LinkageError ex) {
			cause = new IOException(ex.toString(), ex);
		}
		received.forEach(Descriptors::close);
		close(cause);
		this.ended.countDown();
	}

	private List<FileDescriptor> take(Deque<FileDescriptor> received, FrameCodec.Frame frame) throws IOException {
		int count = frame.descriptors();
		if (count > received.size()) {
			if (!(frame.message() instanceof Offer)) {
				throw new FrameCodec.MalformedFrameException(
						"a frame promises %d descriptors but brought %d, as if this process had no room for more"
							.formatted(count, received.size()));
			}
			refused();
			return List.of();
		}
		List<FileDescriptor> taken = new ArrayList<>(count);
		for (int i = 0; i < count; i++) {
			taken.add(received.remove());
		}
		if (!received.isEmpty()) {
			int surplus = received.size();
			received.addAll(taken);
			throw new FrameCodec.MalformedFrameException(
					"a frame promises %d descriptors but brought %d more".formatted(count, surplus));
		}
		return taken;
	}

	private void refused() {
		if (!this.refused) {
			this.refused = true;
			logger.warn("A connection from %s has to be refused: this process has no file descriptor left for it. "
				.formatted(this.peer) + "This is logged once");
		}
	}

	private void writeAll() {
		try {
			while (writeNext()) {
				// until the link is closed
			}
		}
		catch (IOException ex) {
			logger.debug("Writing to " + this.peer + " failed", ex);
			awaitLastWords();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		close(null);
	}

	/**
	 * A frame leaves its queue and this process under one lock, so that none is written
	 * in between that was sent later.
	 */
	private boolean writeNext() throws IOException, InterruptedException {
		this.queued.acquire();
		Outgoing frame = null;
		boolean left = false;
		this.writing.lock();
		try {
			frame = next();
			// there is none where a queue has been cleared
			if (frame != null && frame != Outgoing.END) {
				write(frame);
				left = true;
			}
		}
		finally {
			this.writing.unlock();
			if (frame != null) {
				frame.sent().accept(left);
			}
		}
		return frame != Outgoing.END;
	}

	private @Nullable Outgoing next() {
		Outgoing frame = this.outgoing.poll();
		return (frame != null) ? frame : this.envelopes.poll();
	}

	private void write(Outgoing frame) throws IOException {
		if (this.broken) {
			throw new IOException("An earlier message could not be written");
		}
		this.broken = true;
		this.window.write(frame.bytes().length);
		if (frame.answered()) {
			// before it is written: the answer may come sooner than this thread goes on
			this.window.await();
		}
		this.socket.write(frame.bytes(), frame.descriptors());
		this.broken = false;
	}

	/**
	 * A peer that has closed may have said something before, which is still to be read.
	 */
	private void awaitLastWords() {
		try {
			awaitEnd(LAST_WORDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void startThread(String name, Runnable task) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Gets what comes in over a link. Called by the link's own threads.
	 */
	public interface Receiver {

		/**
		 * A message has come.
		 * @param message the message
		 * @param descriptors what travelled along, which the receiver has to close;
		 * nothing, if it is an {@link Offer} whose descriptor there is no room for
		 */
		void received(Message message, List<FileDescriptor> descriptors);

		/**
		 * An envelope has come.
		 * @param envelope the envelope
		 * @param payload what is in it
		 */
		void received(Envelope envelope, byte[] payload);

		/**
		 * The link is closed, for whatever reason. Called once; nothing is received
		 * afterwards.
		 * @param cause what went wrong, if something did
		 */
		void linkClosed(@Nullable IOException cause);

	}

	/**
	 * A frame that is to be written.
	 *
	 * @param bytes the frame
	 * @param descriptors what travels along
	 * @param sent is told whether it has left
	 * @param answered whether the other side says that it came
	 */
	private record Outgoing(byte[] bytes, List<FileDescriptor> descriptors, Consumer<Boolean> sent, boolean answered) {

		static final Outgoing END = new Outgoing(new byte[0], List.of(), NOBODY, false);

		static Outgoing of(Message message, Consumer<Boolean> sent, FileDescriptor... descriptors) {
			return new Outgoing(FrameCodec.encode(message, descriptors.length), List.of(descriptors), sent,
					message instanceof FromPrimary.Connection);
		}

	}

}
