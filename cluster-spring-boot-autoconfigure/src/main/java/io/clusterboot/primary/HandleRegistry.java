package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.clusterboot.os.ReservedPort;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the listening sockets. The first worker that asks for an address binds it, so
 * that a port in use fails there as in any application, and deposits the descriptor; all
 * others get a copy. While this registry has the descriptor, the death of a worker closes
 * nothing, and connections wait in the socket's queue.
 * <p>
 * Where descriptors cannot be passed, each worker has a socket of its own at the port
 * that the first one got. This registry then keeps nothing but the port.
 */
final class HandleRegistry {

	private static final Log logger = LogFactory.getLog(HandleRegistry.class);

	private final Map<ListenAddress, Handle> handles = new LinkedHashMap<>();

	private final @Nullable Dispatcher dispatcher;

	/**
	 * Create a registry.
	 * @param dispatcher accepts connections, or {@code null} if workers do that
	 */
	HandleRegistry(@Nullable Dispatcher dispatcher) {
		this.dispatcher = dispatcher;
	}

	/**
	 * A worker asks for the handle of an address.
	 * @param worker who asks
	 * @param request what it asks for
	 */
	void listen(Peer worker, FromWorker.Listen request) {
		Handle handle = this.handles.computeIfAbsent(request.address(), (address) -> new Handle());
		handle.waiting.add(new Request(worker, request.exchange()));
		answer(handle);
	}

	/**
	 * A worker has bound an address and deposits its descriptor.
	 * @param message what it bound
	 * @param descriptors the listening socket, owned by this registry from now on, or
	 * nothing if each worker binds the port for itself
	 */
	void bound(FromWorker.Bound message, List<FileDescriptor> descriptors) {
		Handle handle = this.handles.computeIfAbsent(message.address(), (address) -> new Handle());
		if (handle.socket != null) {
			descriptors.forEach(Descriptors::close);
			return;
		}
		handle.socket = new Socket(descriptors, (descriptors.isEmpty()) ? reserve(message) : null,
				new ClusterDescription.Listener(message.host(), message.port()));
		handle.binder = null;
		descriptors.forEach((descriptor) -> dispatch(message.address(), descriptor));
		answer(handle);
	}

	/**
	 * While there is no worker nobody else shall get the port.
	 */
	private static @Nullable ReservedPort reserve(FromWorker.Bound message) {
		try {
			return ReservedPort.of(message.address().at(message.port()));
		}
		catch (IOException ex) {
			logger.warn(
					"Port %d is not reserved while there is no worker: %s".formatted(message.port(), ex.getMessage()));
			return null;
		}
	}

	private void dispatch(ListenAddress address, FileDescriptor descriptor) {
		if (this.dispatcher == null) {
			return;
		}
		try {
			this.dispatcher.listen(address, Descriptors.duplicate(descriptor));
		}
		catch (IOException ex) {
			throw new UncheckedIOException("No connections can be accepted at " + address, ex);
		}
	}

	/**
	 * A worker could not bind an address: the next one that waits for it tries.
	 * @param worker who failed
	 * @param address what it was told to bind
	 */
	void bindFailed(Peer worker, ListenAddress address) {
		Handle handle = this.handles.get(address);
		if (handle != null && handle.binder == worker) {
			handle.binder = null;
			answer(handle);
		}
	}

	/**
	 * A worker is gone: nothing of what it waited for or was about to do will happen.
	 * @param worker who is gone
	 */
	void forget(Peer worker) {
		for (Handle handle : this.handles.values()) {
			handle.waiting.removeIf((request) -> request.worker() == worker);
			if (handle.binder == worker) {
				handle.binder = null;
				answer(handle);
			}
		}
	}

	List<ClusterDescription.Listener> listeners() {
		return this.handles.values()
			.stream()
			.map((handle) -> handle.socket)
			.filter(Objects::nonNull)
			.map(Socket::listener)
			.toList();
	}

	/**
	 * Give up the primary's copies: the sockets close when the last worker closes its
	 * own.
	 */
	void close() {
		this.handles.values().stream().map((handle) -> handle.socket).filter(Objects::nonNull).forEach(Socket::close);
		this.handles.clear();
	}

	private void answer(Handle handle) {
		while (!handle.waiting.isEmpty()) {
			Socket socket = handle.socket;
			if (socket == null && handle.binder != null) {
				return;
			}
			Request request = handle.waiting.remove();
			if (socket != null) {
				request.worker()
					.send(new FromPrimary.Handle(request.exchange(), socket.listener().port(), this.dispatcher != null),
							socket.descriptors().toArray(FileDescriptor[]::new));
			}
			else if (request.worker().send(new FromPrimary.Bind(request.exchange(), this.dispatcher != null))) {
				handle.binder = request.worker();
			}
		}
	}

	/**
	 * A worker as this registry sees it.
	 */
	interface Peer {

		/**
		 * Send a message.
		 * @param message the message
		 * @param descriptors what travels along
		 * @return whether the worker can still be reached
		 */
		boolean send(FromPrimary message, FileDescriptor... descriptors);

	}

	private static final class Handle {

		private final Deque<Request> waiting = new ArrayDeque<>();

		private @Nullable Peer binder;

		private @Nullable Socket socket;

	}

	private record Request(Peer worker, long exchange) {
	}

	/**
	 * What is kept of a socket.
	 *
	 * @param descriptors its descriptor, if it is one for all workers
	 * @param port its port, if each worker has one of its own
	 * @param listener what it listens on
	 */
	private record Socket(List<FileDescriptor> descriptors, @Nullable ReservedPort port,
			ClusterDescription.Listener listener) {

		void close() {
			this.descriptors.forEach(Descriptors::close);
			if (this.port != null) {
				this.port.close();
			}
		}

	}

}
