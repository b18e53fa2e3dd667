package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

import io.clusterboot.balancing.IncomingConnection;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.balancing.WorkerCandidate;
import io.clusterboot.balancing.WorkerSelector;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Passes connections to workers: those that this process has accepted, and those that
 * another worker has kept alive and hands over. A worker has one at a time that it has
 * not acknowledged: until it has, the connection is the primary's too, which gives it to
 * another worker when that one declines it or dies. So a worker that stands still holds
 * up one connection at the most.
 * <p>
 * A worker that hands a connection over keeps its copy, and leaves it alone, until it is
 * told whose it is. It gets back what nobody takes over.
 * <p>
 * Thread-safe. It works on the threads that accept and on those that read the links, not
 * on the supervisor's.
 */
final class Dispatcher {

	private static final Log logger = LogFactory.getLog(Dispatcher.class);

	/**
	 * Connections from one address that wait for a worker which is not the next best one.
	 */
	private static final int MOST_WAITING = 128;

	/**
	 * Time after which a worker that does not answer stands still: connections do not
	 * wait for it any more that belong to it.
	 */
	private static final Duration STANDSTILL = Duration.ofSeconds(1);

	/**
	 * Longest time for which a connection waits that moves only to be spread evenly.
	 */
	private static final Duration PATIENCE = Duration.ofMillis(200);

	private static final Comparator<Receiver> FEWEST_CONNECTIONS = Comparator
		.comparingInt((receiver) -> receiver.connections);

	private final WorkerSelector selector;

	private final boolean sticky;

	private final WorkerSelector fallback = LoadBalancing.fallback();

	private final Rebalancer rebalancer;

	private final LongSupplier nanoTime;

	private final Map<Integer, Receiver> receivers = new TreeMap<>();

	private final Map<ListenAddress, ConnectionAcceptor> acceptors = new HashMap<>();

	private final Deque<Connection> waiting = new ArrayDeque<>();

	private final Map<Integer, Long> dispatched = new HashMap<>();

	private long lastNumber;

	private long handedOver;

	private long returned;

	private boolean selectorFailed;

	private boolean closed;

	/**
	 * Create a dispatcher.
	 * @param selector selects workers for connections
	 * @param rebalancer says which workers have too many
	 */
	Dispatcher(WorkerSelector selector, Rebalancer rebalancer) {
		this(selector, rebalancer, System::nanoTime);
	}

	/**
	 * Create a dispatcher.
	 * @param selector selects workers for connections
	 * @param rebalancer says which workers have too many
	 * @param nanoTime a monotonic clock, in nanoseconds
	 */
	Dispatcher(WorkerSelector selector, Rebalancer rebalancer, LongSupplier nanoTime) {
		this.selector = selector;
		this.sticky = isSticky(selector);
		this.rebalancer = rebalancer;
		this.nanoTime = nanoTime;
	}

	private boolean isSticky(WorkerSelector selector) {
		try {
			return selector.isSticky();
		}
		catch (Throwable ex) {
			selectorFailed("throws an exception", ex);
			return false;
		}
	}

	/**
	 * Begin to accept connections at an address, as soon as a worker takes them.
	 * @param address the address
	 * @param descriptor the listening socket, owned by the dispatcher from now on
	 */
	synchronized void listen(ListenAddress address, FileDescriptor descriptor) {
		ConnectionAcceptor acceptor = new ConnectionAcceptor(address, descriptor, this);
		this.acceptors.put(address, acceptor);
		acceptor.start();
	}

	synchronized void joined(int id, int index, HandleRegistry.Peer peer) {
		this.receivers.put(id, new Receiver(id, index, peer));
	}

	/**
	 * A worker cannot be reached any more. It may still have taken a connection without
	 * this being known, and serve it: as long as it lives, nobody else gets that.
	 * @param id id of the worker
	 */
	synchronized void unreachable(int id) {
		Receiver receiver = this.receivers.get(id);
		if (receiver != null) {
			receiver.unreachable();
		}
		this.acceptors.values().forEach((acceptor) -> acceptor.forget(id));
		freed();
	}

	/**
	 * The process of a worker is gone: what it has not acknowledged goes to another.
	 * @param id id of the worker
	 */
	synchronized void gone(int id) {
		Receiver gone = this.receivers.remove(id);
		Connection outstanding = (gone != null) ? gone.outstanding : null;
		if (outstanding != null) {
			pass(outstanding);
		}
		freed();
	}

	/**
	 * A worker has said something.
	 * @param id id of the worker
	 * @param message what it has said
	 * @param descriptors what travelled along, owned by the dispatcher from now on
	 */
	synchronized void received(int id, FromWorker.Dispatching message, List<FileDescriptor> descriptors) {
		Receiver receiver = this.receivers.get(id);
		if (receiver == null) {
			descriptors.forEach(Descriptors::close);
		}
		else if (message instanceof FromWorker.HandOver handOver) {
			handedOver(receiver, handOver, descriptors);
		}
		else if (!this.closed) {
			descriptors.forEach(Descriptors::close);
			received(receiver, message);
		}
	}

	private void handedOver(Receiver sender, FromWorker.HandOver message, List<FileDescriptor> descriptors) {
		KeptConnection kept = message.connection();
		HandOver handOver = new HandOver(sender.id, message.exchange(), kept, this.nanoTime.getAsLong());
		if (descriptors.size() != 1) {
			descriptors.forEach(Descriptors::close);
			answer(handOver, false);
			return;
		}
		pass(new Connection(message.address(), descriptors.get(0), new IncomingConnection(address(kept.client())),
				new HashSet<>(), handOver));
	}

	/**
	 * The name service is not asked about an address.
	 */
	private static @Nullable InetAddress address(String client) {
		try {
			return InetAddress.getByName(client);
		}
		catch (UnknownHostException ex) {
			return null;
		}
	}

	private void received(Receiver receiver, FromWorker.Dispatching message) {
		if (message instanceof FromWorker.Gate gate) {
			set(receiver.open, gate.address(), gate.open());
		}
		else if (message instanceof FromWorker.TakesOver takesOver) {
			set(receiver.takingOver, takesOver.address(), takesOver.open());
		}
		else if (message instanceof FromWorker.ConnectionTaken taken) {
			Connection connection = receiver.answered(taken.number());
			if (connection != null) {
				receiver.says(taken.busyness(), 1);
				Descriptors.close(connection.descriptor());
				taken(receiver, connection);
			}
		}
		else if (message instanceof FromWorker.Busy busy) {
			receiver.says(busy.busyness(), (receiver.outstanding != null) ? 1 : 0);
		}
		else if (message instanceof FromWorker.ConnectionDeclined declined) {
			Connection connection = receiver.answered(declined.number());
			if (connection != null) {
				receiver.connections--;
				connection.declinedBy().add(receiver.id);
				pass(connection);
			}
		}
		else if (message instanceof FromWorker.LastCall lastCall) {
			lastCall(receiver, lastCall);
		}
		freed();
	}

	private static void set(Set<ListenAddress> addresses, ListenAddress address, boolean included) {
		if (included) {
			addresses.add(address);
		}
		else {
			addresses.remove(address);
		}
	}

	private void taken(Receiver receiver, Connection connection) {
		if (connection.handOver() == null) {
			this.dispatched.merge(receiver.index, 1L, Long::sum);
		}
		else {
			answer(connection.handOver(), true);
		}
	}

	/**
	 * Tell the worker that hands a connection over whose it is.
	 * @return whether it is going to hear that
	 */
	private boolean answer(@Nullable HandOver handOver, boolean taken) {
		if (handOver == null) {
			return false;
		}
		this.handedOver += taken ? 1 : 0;
		Receiver sender = this.receivers.get(handOver.from());
		if (sender == null) {
			return false;
		}
		if (!sender.peer.send(new FromPrimary.HandedOver(handOver.exchange(), taken))) {
			sender.unreachable();
			return false;
		}
		this.returned += taken ? 0 : 1;
		sender.connections -= taken ? 1 : 0;
		return true;
	}

	/**
	 * What has been handed over so far.
	 * @return a description
	 */
	synchronized HandOverDescription handOvers() {
		return new HandOverDescription(this.handedOver, this.returned);
	}

	/**
	 * What selectors are told of a worker.
	 * @param id id of the worker
	 * @return how busy it is, or {@code null} if it says nothing, since nobody selects
	 */
	synchronized @Nullable Busyness busyness(int id) {
		Receiver receiver = this.receivers.get(id);
		return (receiver != null && receiver.busyness != null)
				? new Busyness(receiver.connections, receiver.busyness.activeRequests(), receiver.busyness.reported())
				: null;
	}

	/**
	 * A worker has said how many connections it has.
	 * @param id id of the worker
	 * @param connections the number
	 */
	synchronized void counted(int id, int connections) {
		Receiver receiver = this.receivers.get(id);
		if (receiver != null) {
			receiver.connections = connections + ((receiver.outstanding != null) ? 1 : 0);
			receiver.heard = true;
		}
	}

	/**
	 * Have connections spread evenly that are kept alive. With a selector that sends each
	 * client always to the same worker they are where they belong. Nothing moves while a
	 * worker is silent, which may stand still.
	 */
	synchronized void rebalance() {
		List<Receiver> takingOver = this.receivers.values()
			.stream()
			.filter((receiver) -> !receiver.takingOver.isEmpty())
			.toList();
		if (this.sticky || !takingOver.stream().allMatch((receiver) -> receiver.heard)) {
			return;
		}
		Map<Integer, Integer> connections = new HashMap<>();
		for (Receiver receiver : takingOver) {
			receiver.heard = false;
			connections.put(receiver.id, receiver.connections);
		}
		Map<Integer, Integer> plan = this.rebalancer.plan(connections);
		for (Receiver receiver : takingOver) {
			Integer surplus = plan.get(receiver.id);
			if (surplus != null) {
				receiver.peer.send(new FromPrimary.Rebalance(surplus, receiver.connections - surplus));
			}
		}
	}

	private void lastCall(Receiver receiver, FromWorker.LastCall lastCall) {
		ConnectionAcceptor acceptor = this.acceptors.get(lastCall.address());
		if (acceptor != null) {
			acceptor.lastCall(receiver.id, () -> receiver.peer.send(new FromPrimary.LastCallOver(lastCall.exchange())));
		}
		else {
			receiver.peer.send(new FromPrimary.LastCallOver(lastCall.exchange()));
		}
	}

	/**
	 * How many connections have been taken that were accepted here.
	 * @return the number of them, by the index of those who took them
	 */
	synchronized Map<Integer, Long> dispatched() {
		return Map.copyOf(this.dispatched);
	}

	/**
	 * How many connections no worker has taken yet, of those that were accepted here or
	 * are handed over.
	 * @return the number
	 */
	synchronized int waiting() {
		return this.waiting.size()
				+ (int) this.receivers.values().stream().filter((receiver) -> receiver.outstanding != null).count();
	}

	/**
	 * Workers that have declined a connection are asked again: they may have room now.
	 * What moves only to be spread evenly has waited long enough.
	 */
	synchronized void tick() {
		long now = this.nanoTime.getAsLong();
		List<Connection> returned = this.waiting.stream()
			.filter((connection) -> isRebalanced(connection) && connection.handOver() != null
					&& now - connection.handOver().since() > PATIENCE.toNanos())
			.toList();
		this.waiting.removeAll(returned);
		returned.forEach(this::giveBack);
		this.waiting.forEach((connection) -> connection.declinedBy().clear());
		freed();
	}

	private void giveBack(Connection connection) {
		if (answer(connection.handOver(), false)) {
			Descriptors.close(connection.descriptor());
		}
		else {
			this.waiting.add(connection);
		}
	}

	/**
	 * Wait until there is a worker that takes a connection.
	 * @param address where it comes from
	 * @param atMost longest time to wait
	 * @return whether there is one
	 * @throws InterruptedException if the thread is interrupted
	 */
	synchronized boolean awaitTaker(ListenAddress address, Duration atMost) throws InterruptedException {
		if (!hasTaker(address)) {
			wait(atMost.toMillis());
		}
		return hasTaker(address);
	}

	private boolean hasTaker(ListenAddress address) {
		return this.waiting.stream().filter((connection) -> connection.address().equals(address)).count() < MOST_WAITING
				&& this.receivers.values()
					.stream()
					.anyMatch((receiver) -> receiver.open.contains(address) && isFree(receiver));
	}

	private boolean isFree(Receiver receiver) {
		return receiver.outstanding == null || this.sticky && !receiver.standsStill(this.nanoTime.getAsLong());
	}

	/**
	 * A client has connected.
	 * @param address where
	 * @param descriptor the connection, owned by the dispatcher from now on
	 * @param client the client's address
	 */
	synchronized void accepted(ListenAddress address, FileDescriptor descriptor, @Nullable InetAddress client) {
		if (this.closed) {
			Descriptors.close(descriptor);
			return;
		}
		pass(new Connection(address, descriptor, new IncomingConnection(client), new HashSet<>(), null));
	}

	/**
	 * Wait until everything that was accepted at an address has been taken.
	 * @param address the address
	 * @param atMost longest time to wait
	 * @throws InterruptedException if the thread is interrupted
	 */
	synchronized void awaitPassed(ListenAddress address, Duration atMost) throws InterruptedException {
		long deadline = this.nanoTime.getAsLong() + atMost.toNanos();
		for (long left = atMost.toMillis(); left > 0
				&& isPassing(address); left = (deadline - this.nanoTime.getAsLong()) / 1_000_000) {
			wait(left);
		}
	}

	private boolean isPassing(ListenAddress address) {
		return this.waiting.stream().anyMatch((connection) -> connection.address().equals(address)) || this.receivers
			.values()
			.stream()
			.anyMatch((receiver) -> receiver.outstanding != null && receiver.outstanding.address().equals(address));
	}

	private void freed() {
		List<Connection> again = List.copyOf(this.waiting);
		this.waiting.clear();
		again.forEach(this::pass);
		notifyAll();
	}

	private void pass(Connection connection) {
		if (isReturned(connection)) {
			giveBack(connection);
			return;
		}
		for (Receiver receiver = next(connection); receiver != null; receiver = next(connection)) {
			if (receiver.outstanding != null) {
				break;
			}
			long number = ++this.lastNumber;
			receiver.give(number, connection, this.nanoTime.getAsLong());
			if (receiver.peer.send(connection.message(number), connection.descriptor())) {
				return;
			}
			receiver.answered(number);
			receiver.unreachable();
			if (isReturned(connection)) {
				giveBack(connection);
				return;
			}
		}
		this.waiting.add(connection);
	}

	/**
	 * The worker that is to have a connection, even if it has to wait for that one.
	 */
	private @Nullable Receiver next(Connection connection) {
		if (isRebalanced(connection)) {
			return this.receivers.values()
				.stream()
				.filter((receiver) -> mayTake(receiver, connection))
				.min(FEWEST_CONNECTIONS)
				.orElse(null);
		}
		List<Receiver> candidates = candidates(connection);
		return candidates.isEmpty() ? null : select(candidates, connection.incoming());
	}

	/**
	 * A connection that is handed over does not wait for somebody to come, as long as the
	 * worker that had it can go on with it.
	 */
	private boolean isReturned(Connection connection) {
		Receiver sender = sender(connection);
		return sender != null && sender.reachable && (this.closed
				|| this.receivers.values().stream().noneMatch((receiver) -> mayTake(receiver, connection)));
	}

	private @Nullable Receiver sender(Connection connection) {
		HandOver handOver = connection.handOver();
		return (handOver != null) ? this.receivers.get(handOver.from()) : null;
	}

	/**
	 * A worker that leaves takes nothing over any more. One that does has more
	 * connections than others.
	 */
	private boolean isRebalanced(Connection connection) {
		Receiver sender = sender(connection);
		return sender != null && sender.takingOver.contains(connection.address()) && !this.sticky;
	}

	private static boolean mayTake(Receiver receiver, Connection connection) {
		HandOver handOver = connection.handOver();
		boolean open = (handOver == null) ? receiver.open.contains(connection.address())
				: receiver.takingOver.contains(connection.address()) && receiver.id != handOver.from();
		return open && !connection.declinedBy().contains(receiver.id);
	}

	private List<Receiver> candidates(Connection connection) {
		return this.receivers.values()
			.stream()
			.filter((receiver) -> isFree(receiver) && mayTake(receiver, connection))
			.sorted(Comparator.comparingInt((receiver) -> receiver.index))
			.toList();
	}

	private Receiver select(List<Receiver> receivers, IncomingConnection connection) {
		List<WorkerCandidate> candidates = receivers.stream().map(Receiver::candidate).toList();
		WorkerCandidate selected = null;
		try {
			selected = this.selector.select(candidates, connection);
		}
		catch (Throwable ex) {
			// whatever it is: this thread may not end, nor may the connection be lost
			selectorFailed("throws an exception", ex);
		}
		if (selected == null || !candidates.contains(selected)) {
			selectorFailed("returns " + selected + ", which is none of the candidates", null);
			selected = this.fallback.select(candidates, connection);
		}
		return receivers.get(candidates.indexOf(selected));
	}

	private void selectorFailed(String how, @Nullable Throwable cause) {
		if (!this.selectorFailed) {
			this.selectorFailed = true;
			logger.error("%s %s. Such connections go to one worker after the other. This is logged once"
				.formatted(this.selector.getClass().getName(), how), cause);
		}
	}

	/**
	 * Accept nothing any more, and give up what nobody has taken.
	 */
	synchronized void close() {
		this.closed = true;
		new ArrayList<>(this.acceptors.values()).forEach(ConnectionAcceptor::close);
		List<Connection> abandoned = List.copyOf(this.waiting);
		this.waiting.clear();
		for (Connection connection : abandoned) {
			answer(connection.handOver(), false);
			Descriptors.close(connection.descriptor());
		}
		notifyAll();
	}

	/**
	 * A worker that can be sent connections.
	 */
	private static final class Receiver {

		private final int id;

		private final int index;

		private final HandleRegistry.Peer peer;

		/** Where it takes new connections. */
		private final Set<ListenAddress> open = new HashSet<>();

		/** Where it takes over what other workers have kept alive. */
		private final Set<ListenAddress> takingOver = new HashSet<>();

		private @Nullable Connection outstanding;

		private long outstandingNumber;

		private long outstandingSince;

		private int connections;

		private boolean reachable = true;

		/** Whether it has told their number since they were last looked at. */
		private boolean heard;

		private @Nullable Busyness busyness;

		private Receiver(int id, int index, HandleRegistry.Peer peer) {
			this.id = id;
			this.index = index;
			this.peer = peer;
		}

		/**
		 * The worker has said how busy it is.
		 * @param busyness what it has said
		 * @param passed number of connections that it did not know of
		 */
		private void says(Busyness busyness, int passed) {
			this.busyness = busyness;
			this.connections = busyness.connections() + passed;
		}

		private void unreachable() {
			this.reachable = false;
			this.open.clear();
			this.takingOver.clear();
		}

		private void give(long number, Connection connection, long now) {
			this.outstanding = connection;
			this.outstandingNumber = number;
			this.outstandingSince = now;
			this.connections++;
		}

		private boolean standsStill(long now) {
			return this.outstanding != null && now - this.outstandingSince > STANDSTILL.toNanos();
		}

		private @Nullable Connection answered(long number) {
			Connection connection = this.outstanding;
			if (connection == null || this.outstandingNumber != number) {
				return null;
			}
			this.outstanding = null;
			return connection;
		}

		private WorkerCandidate candidate() {
			Busyness known = (this.busyness != null) ? this.busyness : Busyness.NONE;
			return new WorkerCandidate(this.id, this.index, this.connections, known.activeRequests(), known.reported());
		}

	}

	/**
	 * A connection that no worker has acknowledged.
	 *
	 * @param address where the client has connected
	 * @param descriptor the primary's copy
	 * @param incoming what selectors are told
	 * @param declinedBy ids of the workers that had no room for it
	 * @param handOver who hands it over, or {@code null} if it is new
	 */
	private record Connection(ListenAddress address, FileDescriptor descriptor, IncomingConnection incoming,
			Set<Integer> declinedBy, @Nullable HandOver handOver) {

		private FromPrimary.Connection message(long number) {
			return new FromPrimary.Connection(number, this.address,
					(this.handOver != null) ? this.handOver.kept() : null);
		}

	}

	/**
	 * A worker's wish to hand a connection over.
	 *
	 * @param from id of the worker
	 * @param exchange number that the answer carries
	 * @param kept what the connection takes along
	 * @param since when it came, in nanoseconds
	 */
	private record HandOver(int from, long exchange, KeptConnection kept, long since) {
	}

}
