package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.clusterboot.PortSharing;
import io.clusterboot.os.ReservedPort;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.jspecify.annotations.Nullable;

/**
 * The listening sockets that this worker shares with the others.
 * <p>
 * Thread-safe.
 */
public final class SharedSockets {

	/** The acceptor needs microseconds for its last call, unless it is at its limit. */
	private static final Duration LAST_CALL = Duration.ofSeconds(1);

	private static final Duration ADOPTER_IDLE = Duration.ofSeconds(10);

	private final PrimaryLink link;

	private final PortSharing portSharing;

	private final PassingPrimary passing;

	private final Duration timeout;

	private final Executor adoptions = adoptions();

	private final Map<ListenAddress, Part> parts = new LinkedHashMap<>();

	private boolean ready;

	private boolean anyReady = true;

	/**
	 * Create the sockets.
	 * @param link leads to the primary
	 * @param portSharing how the cluster shares ports
	 * @param timeout longest time to wait for a socket
	 * @param meter measures how busy this worker is
	 */
	SharedSockets(PrimaryLink link, PortSharing portSharing, Duration timeout, Supplier<Busyness> meter) {
		this.link = link;
		this.portSharing = portSharing;
		this.passing = new PassingPrimary(link, meter);
		this.timeout = timeout;
	}

	private static Executor adoptions() {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(1, 1, ADOPTER_IDLE.toMillis(), TimeUnit.MILLISECONDS,
				new LinkedBlockingQueue<>(), (task) -> {
					Thread thread = new Thread(task, "cluster-adopt");
					thread.setDaemon(true);
					return thread;
				});
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	/**
	 * Take part in the socket that listens on an address.
	 * @param address the address
	 * @param policy when it lets connections in
	 * @param binder binds it, in the first worker of the cluster that asks, or whenever
	 * this worker begins to listen, if each listens for itself
	 * @return this worker's part in it
	 * @throws IOException if the address cannot be bound, or the primary does not answer
	 */
	public SharedServerSocket listen(InetSocketAddress address, AcceptPolicy policy, Binder binder) throws IOException {
		Part part = new Part(policy);
		ListenAddress key = claim(address, part);
		try {
			SharedServerSocket socket = open(key, address, binder);
			synchronized (this) {
				part.socket = socket;
				update();
			}
			return socket;
		}
		catch (IOException | RuntimeException ex) {
			release(key);
			throw ex;
		}
	}

	/**
	 * A port that the kernel chooses can be asked for several times and is another one
	 * each time; a port with a number is in use the second time, as it would be without a
	 * cluster.
	 */
	private synchronized ListenAddress claim(InetSocketAddress address, Part part) throws BindException {
		ListenAddress key = ListenAddress.of(address, 0);
		while (this.parts.containsKey(key)) {
			if (key.port() != 0) {
				throw new BindException("Address already in use: this worker listens on " + key + " already");
			}
			key = ListenAddress.of(address, key.occurrence() + 1);
		}
		this.parts.put(key, part);
		return key;
	}

	private synchronized void release(ListenAddress key) {
		this.parts.remove(key);
	}

	/**
	 * Waits for the primary, and therefore holds no lock: what else the primary says must
	 * not have to wait for its answer.
	 */
	private SharedServerSocket open(ListenAddress key, InetSocketAddress address, Binder binder) throws IOException {
		PrimaryLink.Answered answer = this.link.ask((exchange) -> new FromWorker.Listen(exchange, key), this.timeout);
		if (this.portSharing == PortSharing.REUSE_PORT) {
			ReservedPort port = (answer.message() instanceof FromPrimary.Handle handle)
					? ReservedPort.of(key.at(handle.port())) : bind(key, address, binder, this::reserve);
			return new ReusePortServerSocket(port, binder, () -> release(key));
		}
		if (answer.message() instanceof FromPrimary.Bind bind) {
			return bind.passed() ? passed(key, bind(key, address, binder, this::deposit))
					: accepting(key, bind(key, address, binder, this::share));
		}
		FileDescriptor descriptor = answer.descriptors().get(0);
		if (!((FromPrimary.Handle) answer.message()).passed()) {
			return accepting(key, descriptor);
		}
		// the primary alone keeps the socket, and can close it between two connections
		try (ServerSocketChannel channel = JdkChannels.serverChannel(descriptor)) {
			return passed(key, (InetSocketAddress) channel.getLocalAddress());
		}
	}

	private SharedServerSocket accepting(ListenAddress key, FileDescriptor descriptor) {
		return new AcceptingServerSocket(descriptor, handOver(key), () -> release(key));
	}

	private SharedServerSocket passed(ListenAddress key, InetSocketAddress bound) {
		this.passing.start();
		return new PassedServerSocket(bound, key, this.passing, handOver(key), () -> release(key));
	}

	private HandOver handOver(ListenAddress key) {
		return new HandOver(key, this.passing, this.adoptions);
	}

	/**
	 * The primary passes a connection on.
	 * @param connection where it comes from
	 * @param descriptor the connection
	 */
	void pass(FromPrimary.Connection connection, FileDescriptor descriptor) {
		SharedServerSocket socket;
		synchronized (this) {
			Part part = this.parts.get(connection.address());
			socket = (part != null) ? part.socket : null;
		}
		KeptConnection kept = connection.kept();
		if (socket != null && kept != null) {
			socket.receive(connection.number(), kept, descriptor);
		}
		else if (socket instanceof PassedServerSocket passed) {
			passed.pass(connection.number(), descriptor);
		}
		else {
			Descriptors.close(descriptor);
			this.link.send(new FromWorker.ConnectionDeclined(connection.number()));
		}
	}

	private <T> T bind(ListenAddress key, InetSocketAddress address, Binder binder, Deposit<T> deposit)
			throws IOException {
		try (ServerSocketChannel channel = ServerSocketChannel.open()) {
			binder.bind(channel, address);
			InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
			String host = ListenAddress.of(bound, 0).host();
			return deposit.make(new FromWorker.Bound(key, host, bound.getPort()), channel, bound);
		}
		catch (IOException | RuntimeException ex) {
			this.link.send(new FromWorker.BindFailed(key));
			throw ex;
		}
	}

	/**
	 * Give the primary a descriptor of the socket, and keep it too.
	 */
	private FileDescriptor share(FromWorker.Bound message, ServerSocketChannel channel, InetSocketAddress bound)
			throws IOException {
		FileDescriptor descriptor = Descriptors.duplicate(JdkChannels.descriptor(channel));
		this.link.send(message, descriptor);
		return descriptor;
	}

	/**
	 * Give the primary the socket.
	 */
	private InetSocketAddress deposit(FromWorker.Bound message, ServerSocketChannel channel, InetSocketAddress bound)
			throws IOException {
		FileDescriptor descriptor = Descriptors.duplicate(JdkChannels.descriptor(channel));
		this.link.send(message, (left) -> Descriptors.close(descriptor), descriptor);
		return bound;
	}

	/**
	 * That the port could be bound shows that nobody else has it: with
	 * {@code SO_REUSEPORT}, another application of this user would get into it unnoticed.
	 * From now on it is bound with that option only.
	 */
	private ReservedPort reserve(FromWorker.Bound message, ServerSocketChannel channel, InetSocketAddress bound)
			throws IOException {
		channel.close();
		ReservedPort port = ReservedPort.of(bound);
		this.link.send(message);
		return port;
	}

	/**
	 * This worker has become ready, or is no longer.
	 * @param ready whether it is
	 */
	synchronized void ready(boolean ready) {
		this.ready = ready;
		update();
	}

	/**
	 * The first worker of the cluster has become ready, or the last one is no longer.
	 * @param anyReady whether any is
	 */
	synchronized void anyReady(boolean anyReady) {
		this.anyReady = anyReady;
		update();
	}

	private void update() {
		this.parts.values().forEach((part) -> part.update(this.ready, this.anyReady));
	}

	/**
	 * Accept what waits in the queues, and nothing more.
	 */
	void lastCall() {
		List<SharedServerSocket> all;
		synchronized (this) {
			all = this.parts.values().stream().map((part) -> part.socket).filter(Objects::nonNull).toList();
		}
		all.forEach((socket) -> socket.lastCall(LAST_CALL));
	}

	/**
	 * What becomes of a socket that this worker has bound.
	 *
	 * @param <T> what this worker keeps of it
	 */
	@FunctionalInterface
	private interface Deposit<T> {

		T make(FromWorker.Bound message, ServerSocketChannel channel, InetSocketAddress bound) throws IOException;

	}

	private static final class Part {

		private final AcceptPolicy policy;

		private @Nullable SharedServerSocket socket;

		private Part(AcceptPolicy policy) {
			this.policy = policy;
		}

		private void update(boolean ready, boolean anyReady) {
			if (this.socket == null) {
				return;
			}
			if (this.policy.accepts(ready, anyReady)) {
				this.socket.open();
			}
			else {
				this.socket.shut();
			}
		}

	}

	/**
	 * Binds channels as a server does it.
	 */
	@FunctionalInterface
	public interface Binder {

		/**
		 * Bind a channel, with the server's options and backlog.
		 * @param channel the channel, which the caller closes; options that are set
		 * already stay so
		 * @param address the address
		 * @throws IOException if that fails
		 */
		void bind(ServerSocketChannel channel, InetSocketAddress address) throws IOException;

	}

}
