package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.net.InetAddress;
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

import io.clusterboot.balancing.IncomingConnection;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.balancing.WorkerCandidate;
import io.clusterboot.balancing.WorkerSelector;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Passes connections that this process has accepted to workers. A worker has one at a
 * time that it has not acknowledged: until it has, the connection is the primary's too,
 * which gives it to another worker when that one declines it or dies. So a worker that
 * stands still holds up one connection at the most.
 * <p>
 * Thread-safe. It works on the threads that accept and on those that read the links, not
 * on the supervisor's.
 */
final class Dispatcher {

	private static final Log logger = LogFactory.getLog(Dispatcher.class);

	/** Connections that wait for a worker which is not the next best one. */
	private static final int MOST_WAITING = 128;

	private final WorkerSelector selector;

	private final WorkerSelector fallback = LoadBalancing.fallback();

	private final Map<Integer, Receiver> receivers = new TreeMap<>();

	private final Map<ListenAddress, ConnectionAcceptor> acceptors = new HashMap<>();

	private final Deque<Connection> waiting = new ArrayDeque<>();

	private final Map<Integer, Long> dispatched = new HashMap<>();

	private long lastNumber;

	private boolean selectorFailed;

	private boolean closed;

	Dispatcher(WorkerSelector selector) {
		this.selector = selector;
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
	 * A worker is gone: what it has not acknowledged goes to another.
	 * @param id id of the worker
	 */
	synchronized void gone(int id) {
		Receiver gone = this.receivers.remove(id);
		if (gone != null && gone.outstanding != null) {
			pass(gone.outstanding);
		}
		this.acceptors.values().forEach((acceptor) -> acceptor.forget(id));
		freed();
	}

	synchronized void received(int id, FromWorker.Dispatching message) {
		Receiver receiver = this.receivers.get(id);
		if (receiver == null) {
			return;
		}
		if (message instanceof FromWorker.Gate gate) {
			receiver.gate(gate);
		}
		else if (message instanceof FromWorker.ConnectionTaken taken) {
			Connection connection = receiver.answered(taken.number());
			if (connection != null) {
				this.dispatched.merge(receiver.index, 1L, Long::sum);
				receiver.says(taken.busyness(), 1);
				Descriptors.close(connection.descriptor());
			}
		}
		else if (message instanceof FromWorker.Busy busy) {
			receiver.says(busy.busyness(), (receiver.outstanding != null) ? 1 : 0);
		}
		else if (message instanceof FromWorker.ConnectionDeclined declined) {
			Connection connection = receiver.answered(declined.number());
			if (connection != null) {
				receiver.connections--;
				connection.declinedBy().add(id);
				pass(connection);
			}
		}
		else if (message instanceof FromWorker.LastCall lastCall) {
			lastCall(receiver, lastCall);
		}
		freed();
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
	 * How many connections have been taken.
	 * @return the number of them, by the index of those who took them
	 */
	synchronized Map<Integer, Long> dispatched() {
		return Map.copyOf(this.dispatched);
	}

	/**
	 * Workers that have declined a connection are asked again: they may have room now.
	 */
	synchronized void tick() {
		this.waiting.forEach((connection) -> connection.declinedBy().clear());
		freed();
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
		return this.waiting.size() < MOST_WAITING
				&& this.receivers.values().stream().anyMatch((receiver) -> isCandidate(receiver, address));
	}

	private boolean isCandidate(Receiver receiver, ListenAddress address) {
		return receiver.open.contains(address) && (receiver.outstanding == null || this.selector.isSticky());
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
		pass(new Connection(address, descriptor, new IncomingConnection(client), new HashSet<>()));
	}

	/**
	 * Wait until everything that was accepted at an address has been taken.
	 * @param address the address
	 * @param atMost longest time to wait
	 * @throws InterruptedException if the thread is interrupted
	 */
	synchronized void awaitPassed(ListenAddress address, Duration atMost) throws InterruptedException {
		long deadline = System.nanoTime() + atMost.toNanos();
		for (long left = atMost.toMillis(); left > 0
				&& isPassing(address); left = (deadline - System.nanoTime()) / 1_000_000) {
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
		List<Receiver> candidates = candidates(connection);
		while (!candidates.isEmpty()) {
			Receiver receiver = select(candidates, connection.incoming());
			if (receiver.outstanding != null) {
				break;
			}
			long number = ++this.lastNumber;
			receiver.give(number, connection);
			if (receiver.peer.send(new FromPrimary.Connection(number, connection.address()), connection.descriptor())) {
				return;
			}
			// its end is going to be noticed
			receiver.answered(number);
			receiver.open.clear();
			candidates = candidates(connection);
		}
		this.waiting.add(connection);
	}

	private List<Receiver> candidates(Connection connection) {
		return this.receivers.values()
			.stream()
			.filter((receiver) -> isCandidate(receiver, connection.address())
					&& !connection.declinedBy().contains(receiver.id))
			.sorted(Comparator.comparingInt((receiver) -> receiver.index))
			.toList();
	}

	private Receiver select(List<Receiver> receivers, IncomingConnection connection) {
		List<WorkerCandidate> candidates = receivers.stream().map(Receiver::candidate).toList();
		WorkerCandidate selected = null;
		try {
			selected = this.selector.select(candidates, connection);
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
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
		this.waiting.forEach((connection) -> Descriptors.close(connection.descriptor()));
		this.waiting.clear();
		notifyAll();
	}

	/**
	 * A worker that can be sent connections.
	 */
	private static final class Receiver {

		private final int id;

		private final int index;

		private final HandleRegistry.Peer peer;

		private final Set<ListenAddress> open = new HashSet<>();

		private @Nullable Connection outstanding;

		private long outstandingNumber;

		private int connections;

		private Busyness busyness = Busyness.NONE;

		private Receiver(int id, int index, HandleRegistry.Peer peer) {
			this.id = id;
			this.index = index;
			this.peer = peer;
		}

		private void gate(FromWorker.Gate gate) {
			if (gate.open()) {
				this.open.add(gate.address());
			}
			else {
				this.open.remove(gate.address());
			}
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

		private void give(long number, Connection connection) {
			this.outstanding = connection;
			this.outstandingNumber = number;
			this.connections++;
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
			return new WorkerCandidate(this.id, this.index, this.connections, this.busyness.activeRequests(),
					this.busyness.reported());
		}

	}

	/**
	 * A connection that no worker has acknowledged.
	 *
	 * @param address where the client has connected
	 * @param descriptor the primary's copy
	 * @param incoming what selectors are told
	 * @param declinedBy ids of the workers that had no room for it
	 */
	private record Connection(ListenAddress address, FileDescriptor descriptor, IncomingConnection incoming,
			Set<Integer> declinedBy) {
	}

}
