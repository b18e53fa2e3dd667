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

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;

/**
 * The listening sockets that this worker shares with the others.
 * <p>
 * Thread-safe.
 */
public final class SharedSockets {

	/** The acceptor needs microseconds for its last call, unless it is at its limit. */
	private static final Duration LAST_CALL = Duration.ofSeconds(1);

	private final PrimaryLink link;

	private final Duration timeout;

	private final Map<ListenAddress, SharedServerSocket> sockets = new LinkedHashMap<>();

	private boolean open;

	SharedSockets(PrimaryLink link, Duration timeout) {
		this.link = link;
		this.timeout = timeout;
	}

	/**
	 * Take part in the socket that listens on an address.
	 * @param address the address
	 * @param binder binds it, in the first worker of the cluster that asks
	 * @return this worker's part in it
	 * @throws IOException if the address cannot be bound, or the primary does not answer
	 */
	public synchronized SharedServerSocket listen(InetSocketAddress address, Binder binder) throws IOException {
		ListenAddress key = claim(address);
		PrimaryLink.Answered answer = this.link.ask((exchange) -> new FromWorker.Listen(exchange, key), this.timeout);
		FileDescriptor descriptor = (answer.message() instanceof FromPrimary.Bind) ? bind(key, binder)
				: answer.descriptors().get(0);
		SharedServerSocket socket = new SharedServerSocket(descriptor, () -> release(key));
		this.sockets.put(key, socket);
		if (this.open) {
			socket.open();
		}
		return socket;
	}

	/**
	 * A port that the kernel chooses can be asked for several times and is another one
	 * each time; a port with a number is in use the second time, as it would be without a
	 * cluster.
	 */
	private ListenAddress claim(InetSocketAddress address) throws BindException {
		ListenAddress key = ListenAddress.of(address, 0);
		while (this.sockets.containsKey(key)) {
			if (key.port() != 0) {
				throw new BindException("Address already in use: this worker listens on " + key + " already");
			}
			key = ListenAddress.of(address, key.occurrence() + 1);
		}
		return key;
	}

	private FileDescriptor bind(ListenAddress key, Binder binder) throws IOException {
		try (ServerSocketChannel channel = binder.bind()) {
			FileDescriptor descriptor = Descriptors.duplicate(JdkChannels.descriptor(channel));
			InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
			String host = ListenAddress.of(bound, 0).host();
			this.link.send(new FromWorker.Bound(key, host, bound.getPort()), descriptor);
			return descriptor;
		}
		catch (IOException | RuntimeException ex) {
			this.link.send(new FromWorker.BindFailed(key));
			throw ex;
		}
	}

	private synchronized void release(ListenAddress key) {
		this.sockets.remove(key);
	}

	synchronized void open() {
		this.open = true;
		this.sockets.values().forEach(SharedServerSocket::open);
	}

	synchronized void shut() {
		this.open = false;
		this.sockets.values().forEach(SharedServerSocket::shut);
	}

	/**
	 * Accept what waits in the queues, and nothing more.
	 */
	void lastCall() {
		List<SharedServerSocket> all;
		synchronized (this) {
			this.open = false;
			all = List.copyOf(this.sockets.values());
		}
		all.forEach((socket) -> socket.lastCall(LAST_CALL));
	}

	/**
	 * Binds an address.
	 */
	@FunctionalInterface
	public interface Binder {

		/**
		 * Bind the address.
		 * @return the bound channel, which the caller closes
		 * @throws IOException if that fails
		 */
		ServerSocketChannel bind() throws IOException;

	}

}
