package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

import io.clusterboot.protocol.ClusterCommand;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.LinkSocket;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.WorkerLoad;
import io.clusterboot.protocol.WorkerState;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFSocketPair;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A worker that the test plays, at the other end of a real link. Whatever it says has
 * been handled when the method returns, and no time has passed.
 */
final class PlayedWorker extends NoProcess {

	/** Such a process can exist nowhere. */
	private static final long FIRST_PID = 1L << 40;

	private final PlayedCluster cluster;

	private final int id;

	private final int index;

	private final Generation generation;

	private final CompletableFuture<Integer> exit = new CompletableFuture<>();

	private final Queue<FromPrimary> told = new ConcurrentLinkedQueue<>();

	private BooleanSupplier reachable = () -> false;

	private @Nullable Link link;

	private long exchanges;

	private int threadDumps;

	private boolean stateSaid;

	private boolean terminated;

	private boolean killed;

	PlayedWorker(PlayedCluster cluster, int id, int index, Generation generation) {
		this.cluster = cluster;
		this.id = id;
		this.index = index;
		this.generation = generation;
	}

	/**
	 * How to find out whether the primary knows that it can say something to this worker.
	 * @param reachable whether it can
	 */
	void isReachable(BooleanSupplier reachable) {
		this.reachable = reachable;
	}

	int id() {
		return this.id;
	}

	int index() {
		return this.index;
	}

	int generation() {
		return this.generation.number();
	}

	@Nullable String build() {
		return this.generation.build().id();
	}

	/**
	 * Connect to the primary.
	 * @return this
	 */
	PlayedWorker connect() {
		assertThat(this.link).as("%s connects once", this).isNull();
		this.link = link(new Caller.Connected(pid()), new CompletableFuture<>());
		sync();
		return this;
	}

	/**
	 * Try to connect to the primary once more, or as somebody else.
	 * @param caller who connects, as the operating system sees it
	 * @return completes when that link is closed
	 */
	CompletableFuture<Void> connectAs(Caller caller) {
		CompletableFuture<Void> closed = new CompletableFuture<>();
		link(caller, closed);
		return closed;
	}

	private Link link(Caller caller, CompletableFuture<Void> closed) {
		try {
			AFSocketPair<AFUNIXSocketChannel> pair = AFUNIXSocketPair.open();
			this.cluster.supervisor().offer(socket(pair.getSocket1()), caller);
			Link own = new Link("primary", socket(pair.getSocket2()), new Receiver(closed));
			own.start();
			return own;
		}
		catch (IOException ex) {
			throw new AssertionError("No link", ex);
		}
	}

	private static LinkSocket socket(AFUNIXSocketChannel channel) throws IOException {
		return new DescriptorSocket((AFUNIXSocket) channel.socket());
	}

	boolean isConnected() {
		return this.reachable.getAsBoolean();
	}

	/**
	 * Accept connections.
	 * @return this
	 */
	PlayedWorker ready() {
		if (this.link == null) {
			connect();
		}
		return says(WorkerState.READY);
	}

	/**
	 * Whether it is about to become ready, as far as it knows.
	 * @return whether it has said nothing of its state and not been asked to exit
	 */
	boolean isStarting() {
		return isAlive() && !this.stateSaid && !this.terminated;
	}

	/**
	 * Close the application, of its own accord or not: drain, and accept nothing any
	 * more.
	 * @return this
	 */
	PlayedWorker drains() {
		says(WorkerState.DRAINING);
		return says(new FromWorker.StoppedAccepting());
	}

	/**
	 * Drain and exit.
	 */
	void leaves() {
		drains();
		exits(0);
	}

	PlayedWorker beats() {
		return beats(0);
	}

	PlayedWorker beats(long totalRequests) {
		WorkerLoad none = WorkerLoad.NONE;
		return says(new FromWorker.Heartbeat(new WorkerLoad(0, totalRequests, Duration.ZERO, 0, none.heapUsed(),
				none.heapAfterGc(), none.heapMax(), none.rss(), none.cpu(), none.threads(), none.reported())));
	}

	PlayedWorker says(WorkerState state) {
		this.stateSaid = true;
		return says(new FromWorker.StateChanged(state));
	}

	PlayedWorker says(FromWorker message) {
		assertThat(link().send(message)).as("%s can say %s", this, message).isTrue();
		sync();
		return this;
	}

	/**
	 * Command the primary.
	 * @param command the command
	 * @return its answer
	 */
	FromPrimary commands(ClusterCommand command) {
		long exchange = ++this.exchanges;
		says(new FromWorker.Command(exchange, command));
		return answers(exchange).get(0);
	}

	/**
	 * Ask for the outcome of a reload.
	 * @param reload its id
	 * @return number of the exchange
	 */
	long awaitsOutcome(int reload) {
		long exchange = ++this.exchanges;
		says(new FromWorker.AwaitOutcome(exchange, reload));
		return exchange;
	}

	/**
	 * The primary's answers so far, of which there is one or none.
	 * @param exchange number of the exchange
	 * @return the answers
	 */
	List<FromPrimary> answers(long exchange) {
		return told(FromPrimary.Answer.class).stream()
			.filter((answer) -> answer.exchange() == exchange)
			.map(FromPrimary.class::cast)
			.toList();
	}

	/**
	 * All of one kind that the primary has said by now.
	 * @param type the kind
	 * @param <T> the kind
	 * @return the messages
	 */
	<T extends FromPrimary> List<T> told(Class<T> type) {
		if (isAlive() && isConnected()) {
			sync();
		}
		return this.told.stream().filter(type::isInstance).map(type::cast).toList();
	}

	/**
	 * Whether it has been told to leave by now.
	 * @return whether it has, which must not be twice
	 */
	boolean isToldToLeave() {
		List<FromPrimary.Disconnect> orders = told(FromPrimary.Disconnect.class);
		assertThat(orders).hasSizeLessThanOrEqualTo(1);
		return !orders.isEmpty();
	}

	/**
	 * Both directions of a link keep their order: what is said has been handled, and what
	 * was said to this worker has come.
	 */
	private void sync() {
		long exchange = ++this.exchanges;
		assertThat(link().send(new FromWorker.Describe(exchange))).as("%s has a link", this).isTrue();
		this.cluster.await(() -> this.told.stream()
			.anyMatch((message) -> message instanceof FromPrimary.Described described
					&& described.exchange() == exchange));
	}

	private Link link() {
		Link current = this.link;
		assertThat(current).as("link of %s", this).isNotNull();
		return current;
	}

	/**
	 * Lose the link, as by a defect, or before the process exits.
	 */
	void losesLink() {
		link().close();
		this.cluster.await(() -> !this.reachable.getAsBoolean());
	}

	/**
	 * Exit, and have the primary see it.
	 * @param code exit code; for a signal 128 and its number
	 */
	void exits(int code) {
		vanish(code);
		this.cluster.await(() -> this.cluster.describe()
			.workers()
			.stream()
			.noneMatch((worker) -> worker.id() == this.id && worker.state() != WorkerState.STOPPED));
	}

	/**
	 * Be gone without anybody looking.
	 */
	void vanish() {
		vanish(0);
	}

	private void vanish(int code) {
		if (this.link != null) {
			this.link.close();
		}
		this.exit.complete(code);
	}

	void threadDumpRequested() {
		this.threadDumps++;
	}

	/**
	 * How often it has been asked what its threads do.
	 * @return the number
	 */
	int threadDumps() {
		return this.threadDumps;
	}

	/**
	 * Whether its process has been asked to exit.
	 * @return whether it has
	 */
	boolean isTerminated() {
		return this.terminated;
	}

	boolean isKilled() {
		return this.killed;
	}

	@Override
	public long pid() {
		return FIRST_PID + this.id;
	}

	@Override
	public boolean isAlive() {
		return !this.exit.isDone();
	}

	@Override
	public int waitFor() {
		return this.exit.join();
	}

	@Override
	public void destroy() {
		this.terminated = true;
	}

	@Override
	public Process destroyForcibly() {
		this.killed = true;
		return this;
	}

	@Override
	public String toString() {
		return "worker-%d (index %d)".formatted(this.id, this.index);
	}

	/**
	 * Remembers what the primary says.
	 */
	private final class Receiver implements Link.Receiver {

		private final CompletableFuture<Void> closed;

		private Receiver(CompletableFuture<Void> closed) {
			this.closed = closed;
		}

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
			descriptors.forEach(Descriptors::close);
			PlayedWorker.this.told.add((FromPrimary) message);
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
			this.closed.complete(null);
		}

	}

}
