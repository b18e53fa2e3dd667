package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.clusterboot.ClusterProperties;
import io.clusterboot.PortSharing;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.ListenAddress;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The primary of the one worker that there is, which lives in this JVM, and all other
 * workers. The test says what they do. All else is real: the link, the descriptors that
 * travel over it, and the connections.
 */
public final class PlayedPrimary implements Link.Receiver, AutoCloseable {

	/** For anything that is to happen: far beyond what it takes on a busy machine. */
	public static final Duration DEADLINE = Duration.ofMinutes(3);

	private final Path directory;

	private final AFUNIXServerSocket server;

	private final boolean passing;

	private final List<FromWorker> said = new CopyOnWriteArrayList<>();

	private final CompletableFuture<Listening> listening = new CompletableFuture<>();

	private final BlockingQueue<GivenUp> givenUp = new LinkedBlockingQueue<>();

	private final Queue<GivenUp> all = new ConcurrentLinkedQueue<>();

	private final BlockingQueue<FromWorker.ConnectionAnswered> answers = new LinkedBlockingQueue<>();

	private final AtomicLong connections = new AtomicLong();

	private volatile boolean refusing;

	private volatile @Nullable Link link;

	private volatile @Nullable WorkerAgent agent;

	private PlayedPrimary(boolean passing) throws IOException {
		this.passing = passing;
		this.directory = Files.createTempDirectory("played-");
		this.server = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(this.directory.resolve("primary")));
	}

	/**
	 * A primary whose workers accept connections for themselves.
	 * @return a primary that has no worker yet
	 * @throws IOException if there is no place for its socket
	 */
	public static PlayedPrimary ofAccepting() throws IOException {
		return new PlayedPrimary(false);
	}

	/**
	 * A primary that accepts connections, and passes them on.
	 * @return a primary that has no worker yet
	 * @throws IOException if there is no place for its socket
	 */
	static PlayedPrimary ofPassing() throws IOException {
		return new PlayedPrimary(true);
	}

	/**
	 * Who its worker is.
	 * @return the identity
	 */
	WorkerIdentity identity() {
		return new WorkerIdentity(1, 0, 1, 0, this.directory.resolve("primary"), PortSharing.HANDLES);
	}

	/**
	 * Make this JVM its worker, with the defaults of all settings.
	 * @return the worker's agent, which does not end the JVM
	 * @throws IOException if there is no link
	 */
	public WorkerAgent employ() throws IOException {
		return employ(TestWorker.properties(List.of()), new ProcessEnd() {

			@Override
			public void exit(int status) {
			}

			@Override
			public void halt(int status) {
			}

		}, DrainClock.SYSTEM);
	}

	WorkerAgent employ(ClusterProperties properties, ProcessEnd end, DrainClock clock) throws IOException {
		WorkerAgent agent = WorkerAgent.start(identity(), properties, end, clock);
		this.agent = agent;
		Link link = new Link("worker", new DescriptorSocket(this.server.accept()), this);
		this.link = link;
		link.start();
		return agent;
	}

	@Override
	public void received(Message message, List<FileDescriptor> descriptors) {
		if (message instanceof FromWorker.Listen listen) {
			send(new FromPrimary.Bind(listen.exchange(), this.passing));
		}
		else if (message instanceof FromWorker.Bound bound) {
			this.listening
				.complete(new Listening(bound.address(), bound.port(), JdkChannels.serverChannel(descriptors.get(0))));
		}
		else if (message instanceof FromWorker.HandOver offer) {
			GivenUp next = new GivenUp(offer.connection(), descriptors.get(0),
					(taken) -> send(new FromPrimary.HandedOver(offer.exchange(), taken)));
			this.all.add(next);
			this.givenUp.add(next);
			if (this.refusing) {
				next.refuse();
			}
		}
		else if (message instanceof FromWorker.ConnectionAnswered answer) {
			this.answers.add(answer);
		}
		else if (message instanceof FromWorker.LastCall lastCall) {
			send(new FromPrimary.LastCallOver(lastCall.exchange()));
		}
		if (message instanceof FromWorker words && !(message instanceof FromWorker.Heartbeat)) {
			this.said.add(words);
		}
	}

	@Override
	public void received(Envelope envelope, byte[] payload) {
	}

	@Override
	public void linkClosed(@Nullable IOException cause) {
	}

	private void send(FromPrimary message, FileDescriptor... descriptors) {
		Link link = this.link;
		if (link != null) {
			link.send(message, descriptors);
		}
	}

	/**
	 * What the worker has said, but for heartbeats.
	 * @return what it has said until now
	 */
	List<FromWorker> said() {
		return List.copyOf(this.said);
	}

	/**
	 * Wait until the worker has said something.
	 * @param message what
	 */
	void awaitSaid(FromWorker message) {
		await().atMost(DEADLINE).untilAsserted(() -> assertThat(this.said).contains(message));
	}

	/**
	 * Wait until the worker listens.
	 * @return where
	 */
	public InetSocketAddress address() {
		return new InetSocketAddress(InetAddress.getLoopbackAddress(), get(this.listening).port());
	}

	ListenAddress listenAddress() {
		return get(this.listening).address();
	}

	/**
	 * Accept a connection, as another worker. If the worker that there is has accepted
	 * it, there is none.
	 * @return the connection
	 */
	SocketChannel accept() {
		ServerSocketChannel channel = get(this.listening).channel();
		return get(CompletableFuture.supplyAsync(() -> {
			try {
				return channel.accept();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}));
	}

	/**
	 * Have the worker leave, while others stay.
	 */
	void disconnect() {
		disconnect(Duration.ZERO, false);
	}

	void disconnect(Duration delay, boolean last) {
		send(new FromPrimary.Disconnect(delay, last));
	}

	/**
	 * Have the worker leave as the last one, since the cluster stops.
	 * @throws IOException if the primary's copy of the listening socket cannot be closed
	 */
	void stopCluster() throws IOException {
		if (!this.passing) {
			get(this.listening).channel().close();
		}
		disconnect(Duration.ZERO, true);
	}

	/**
	 * Die.
	 */
	void die() {
		Link link = this.link;
		if (link != null) {
			link.close();
		}
	}

	/**
	 * Have all connections move from now on, and the worker stay.
	 */
	public void moveAll() {
		WorkerAgent agent = this.agent;
		assertThat(agent).isNotNull();
		agent.moves().all();
	}

	/**
	 * Have some connections move.
	 */
	void rebalance(int connections, int keep) {
		send(new FromPrimary.Rebalance(connections, keep));
	}

	/**
	 * The next connection that the worker gives up.
	 * @return the connection, for which there has to be an answer
	 * @throws InterruptedException if the thread is interrupted
	 */
	public GivenUp givenUp() throws InterruptedException {
		GivenUp next = this.givenUp.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
		assertThat(next).as("a connection that is given up").isNotNull();
		return next;
	}

	/**
	 * The number of connections that the worker has given up and that nobody has asked
	 * for.
	 */
	int waiting() {
		return this.givenUp.size();
	}

	/**
	 * Give back all connections that the worker gives up, now and later.
	 */
	void refuseAll() {
		this.refusing = true;
		this.all.forEach(GivenUp::refuse);
	}

	/**
	 * Pass a connection of another worker's on, which keeps its own copy.
	 * @param connection the connection
	 * @param kept what it takes along, or {@code null} if it is new
	 * @return whether the worker takes it
	 * @throws Exception if the worker does not answer
	 */
	public boolean pass(SocketChannel connection, @Nullable KeptConnection kept) throws Exception {
		long number = this.connections.incrementAndGet();
		FileDescriptor copy = Descriptors.duplicate(JdkChannels.descriptor(connection));
		send(new FromPrimary.Connection(number, get(this.listening).address(), kept), copy);
		FromWorker.ConnectionAnswered answer = this.answers.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
		Descriptors.close(copy);
		assertThat(answer).as("an answer to a connection that is passed on").isNotNull();
		if (answer instanceof FromWorker.ConnectionTaken taken) {
			assertThat(taken.number()).isEqualTo(number);
			return true;
		}
		assertThat(answer).isEqualTo(new FromWorker.ConnectionDeclined(number));
		return false;
	}

	private static <T> T get(CompletableFuture<T> future) {
		try {
			return future.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw new AssertionError("did not happen within " + DEADLINE, ex);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Give everything back that there is no answer for, and let the worker go.
	 */
	@Override
	public void close() throws IOException {
		this.all.forEach(GivenUp::refuse);
		WorkerAgent.forget();
		die();
		this.server.close();
		if (this.listening.isDone()) {
			get(this.listening).channel().close();
		}
		FileSystemUtils.deleteRecursively(this.directory);
	}

	/**
	 * The primary's copy of the listening socket.
	 */
	private record Listening(ListenAddress address, int port, ServerSocketChannel channel) {
	}

	/**
	 * Tells the worker what has become of a connection.
	 */
	private interface Answer {

		void say(boolean taken);

	}

	/**
	 * A connection that the worker has given up.
	 */
	public static final class GivenUp {

		private final KeptConnection kept;

		private final FileDescriptor descriptor;

		private final Answer answer;

		private final AtomicBoolean answered = new AtomicBoolean();

		private GivenUp(KeptConnection kept, FileDescriptor descriptor, Answer answer) {
			this.kept = kept;
			this.descriptor = descriptor;
			this.answer = answer;
		}

		/**
		 * What it takes along.
		 * @return a description
		 */
		public KeptConnection kept() {
			return this.kept;
		}

		/**
		 * Take it, as another worker.
		 * @return the other worker's channel
		 * @throws IOException if the client has gone
		 */
		public SocketChannel take() throws IOException {
			assertThat(this.answered.compareAndSet(false, true)).isTrue();
			SocketChannel taken = JdkChannels.channel(this.descriptor);
			this.answer.say(true);
			return taken;
		}

		/**
		 * Give it back, unless there is an answer.
		 */
		public void refuse() {
			if (this.answered.compareAndSet(false, true)) {
				Descriptors.close(this.descriptor);
				this.answer.say(false);
			}
		}

	}

}
